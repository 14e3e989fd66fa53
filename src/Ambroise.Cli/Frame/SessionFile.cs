using System.Security.Cryptography;
using System.Text;
using Ambroise.Governance;
using Ambroise.Governance.Tenants;
using Ambroise.Vault.Files;

namespace Ambroise.Cli.Frame;

/// <summary>Where the token of a person's session is kept between commands: a file of the machine's account, outside the warehouse, that nobody else may read. Its name tells neither warehouse, tenant nor person.</summary>
sealed class SessionFile(Home home, TenantId tenant, string person)
{
    readonly string path = Path.Combine(StateFolder, "sign-in", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{home.Root}\n{tenant}\n{person}")))[..32]);

    /// <summary>XDG_STATE_HOME, else its default; on Windows the account's local data.</summary>
    static string StateFolder => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state ? state
        : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"), "ambroise");

    /// <returns>Null where there is none, or others than its owner could have read it.</returns>
    public string? Token
    {
        get
        {
            const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            if (!File.Exists(path) || (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~owner) != 0)) return null;
            return File.ReadAllText(path).Trim();
        }
    }

    public void Keep(string token)
    {
        DurableFile.CreateFolder(Path.GetDirectoryName(path)!);
        DurableFile.Replace(path, Encoding.UTF8.GetBytes(token));
    }

    public void Forget()
    {
        if (File.Exists(path)) File.Delete(path);
    }
}
