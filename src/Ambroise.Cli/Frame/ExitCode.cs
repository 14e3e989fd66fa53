namespace Ambroise.Cli.Frame;

/// <summary>The one place where a failure becomes an exit code. Documented in docs/operations.md.</summary>
static class ExitCode
{
    public const int Done = 0;
    public const int Bug = 1;
    public const int Interrupted = 130;

    public static int Of(FailureKind kind) => kind switch
    {
        FailureKind.Invalid => 2,
        FailureKind.Forbidden => 3,
        FailureKind.NotFound => 4,
        FailureKind.Conflict => 5,
        FailureKind.Tampered => 6,
        FailureKind.Unavailable => 7,
        FailureKind.TooCostly => 8,
        _ => throw new System.Diagnostics.UnreachableException(kind.ToString()),
    };
}
