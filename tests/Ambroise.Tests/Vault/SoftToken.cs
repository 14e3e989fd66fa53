using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ambroise.Tests.Vault;

/// <summary>A SoftHSM token of the tests' own, in a folder that goes with them. The module reads its settings once for a process, so the tests share one.</summary>
public sealed partial class SoftToken : IDisposable
{
    public const string Pin = "4711-4711";
    public const string Label = "ambroise-tests";

    static readonly string[] Places = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"];

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-token-");
    readonly string? module = Array.Find(Places, File.Exists);

    public SoftToken()
    {
        if (module is null) return;
        var settings = Path.Combine(folder.FullName, "softhsm2.conf");
        File.WriteAllText(settings, $"directories.tokendir = {folder.FullName}\nobjectstore.backend = file\nlog.level = ERROR\n");
        Assert.Equal(0, SetEnvironment("SOFTHSM2_CONF", settings, 1)); // .NET's own environment does not reach native code
        var start = new ProcessStartInfo("softhsm2-util") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in new[] { "--init-token", "--free", "--label", Label, "--so-pin", "00000000", "--pin", Pin }) start.ArgumentList.Add(arg);
        start.Environment["SOFTHSM2_CONF"] = settings;
        using var made = Process.Start(start)!;
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }

    /// <summary>The module's path; the test is skipped, saying so, where SoftHSM is absent.</summary>
    public string Module
    {
        get
        {
            Assert.SkipWhen(module is null, "SoftHSM is absent (Debian: apt-get install softhsm2).");
            return module!;
        }
    }

    public void Dispose() => folder.Delete(recursive: true);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
