using System.Diagnostics.CodeAnalysis;

namespace Ambroise;

/// <summary>What kind of expected failure: one exit code and one HTTP status each.</summary>
public enum FailureKind { Invalid, Forbidden, NotFound, Conflict, TooCostly, Unavailable, Tampered }

/// <summary>An expected failure, reported to the caller. Bugs throw instead.</summary>
/// <param name="Code">Stable, documented and never reused, e.g. <c>vault.passphrase-wrong</c>.</param>
/// <param name="Detail">One sentence for a person: what, where and what to do. Holds no patient data: it is logged.</param>
public sealed record Failure(FailureKind Kind, string Code, string Detail)
{
    /// <summary>For deep call chains (a damaged page met in a scan): caught where the capability begins and turned back into a value.</summary>
    public FailureException AsException() => new(this);
}

/// <summary>Carries a <see cref="Failure"/> through code that cannot return one.</summary>
public sealed class FailureException(Failure failure) : Exception($"{failure.Code}: {failure.Detail}")
{
    public Failure Failure { get; } = failure;
}

/// <summary>A value, or the failure that stands in its place.</summary>
public readonly struct Result<T>
{
    readonly T? value;
    readonly Failure? failure;

    Result(T value) => this.value = value;
    Result(Failure failure) => this.failure = failure;

    public static implicit operator Result<T>(T value) => new(value);
    public static implicit operator Result<T>(Failure failure) => new(failure);

    /// <returns>True with the failure, or false with the value.</returns>
    public bool Failed([NotNullWhen(true)] out Failure? because, [NotNullWhen(false)] out T? result)
    {
        (because, result) = (failure, value);
        return failure is not null;
    }

    /// <returns>The value; a failure is thrown as a <see cref="FailureException"/>.</returns>
    public T OrThrow() => failure is null ? value! : throw failure.AsException();
}
