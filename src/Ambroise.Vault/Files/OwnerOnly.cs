using System.Runtime.InteropServices;

namespace Ambroise.Vault.Files;

/// <summary>What a program that holds keys and plaintext in memory does first.</summary>
public static partial class OwnerOnly
{
    const int CoreSize = 4; // RLIMIT_CORE, the same number on Linux, macOS and the BSDs

    /// <summary>From here on every file and folder this process creates is its owner's alone (umask 077), and the system writes no core file of its memory.
    /// Does nothing on Windows, where files inherit their folder's rights.</summary>
    public static void Apply()
    {
        if (OperatingSystem.IsWindows()) return;
        _ = SetMask(0b000_111_111);
        var none = new Limit(0, 0);
        if (SetLimit(CoreSize, in none) != 0) throw new InvalidOperationException($"Core files cannot be switched off (errno {Marshal.GetLastPInvokeError()}).");
    }

    /// <summary>struct rlimit; its fields have the width of a pointer on every system we run on.</summary>
    readonly record struct Limit(nuint Soft, nuint Hard);

    [LibraryImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint SetMask(uint mask);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetLimit(int resource, in Limit limit);
}
