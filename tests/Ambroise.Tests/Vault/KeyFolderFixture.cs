using Ambroise.Vault;
using Ambroise.Vault.Custody;
using Ambroise.Vault.Keys;

namespace Ambroise.Tests.Vault;

/// <summary>A fresh keys folder and rings over it whose passphrase is cheap to try, so that thousands of tries take seconds.</summary>
sealed class KeyFolderFixture : IDisposable
{
    public const string Secret = "correct horse battery staple é";

    public static CustodyChoice Cheap { get; } = new CustodyChoice.Keystore { Cost = new Argon2Cost(8, 1) };

    public string Path { get; } = Directory.CreateTempSubdirectory("ambroise-keys-").FullName;

    public Result<KeyRing> Create(string tenant = "chu", Action<string>? beforeStep = null, string secret = Secret)
    {
        using var passphrase = new Passphrase(secret);
        return KeyRing.Create(new KeyFolder(Path, beforeStep), tenant, passphrase, Cheap);
    }

    public Result<KeyRing> Unseal(string tenant = "chu", Action<string>? beforeStep = null, string secret = Secret)
    {
        using var passphrase = new Passphrase(secret);
        return KeyRing.Unseal(new KeyFolder(Path, beforeStep), tenant, passphrase, null);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
