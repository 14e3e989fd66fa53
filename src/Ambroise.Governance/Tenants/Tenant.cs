namespace Ambroise.Governance.Tenants;

/// <summary>A tenant's name on disk and on the command line: 1 to 40 of a-z, 0-9 and '-', the first a letter or a digit. Never a path.</summary>
public readonly record struct TenantId
{
    TenantId(string value) => Value = value;

    public string Value { get; }

    public static Result<TenantId> Parse(string text) =>
        text.Length is >= 1 and <= 40 && text[0] != '-' && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? new TenantId(text)
            : new Failure(FailureKind.Invalid, "tenant.id-invalid", "A tenant's id is 1 to 40 of a-z, 0-9 and '-', starting with a letter or a digit.");

    public override string ToString() => Value;
}

public enum TenantState
{
    /// <summary>Opens to whoever has the passphrase.</summary>
    Ready,

    /// <summary>Opens to nobody until it is unsealed.</summary>
    Sealed,

    /// <summary>Its key is destroyed: nothing opens it any more.</summary>
    Destroyed,
}

/// <summary>A hospital, or a service of one, whose patients no other tenant sees.</summary>
/// <param name="Name">What people call it; 1 to 200 characters.</param>
/// <param name="Custodian">What keeps its key: <c>file</c> or <c>pkcs11</c>.</param>
public sealed record Tenant(TenantId Id, string Name, DateTimeOffset Created, TenantState State, string Custodian);
