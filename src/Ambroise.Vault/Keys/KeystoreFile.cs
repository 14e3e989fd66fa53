using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ambroise.Vault.Keys;

/// <summary>The file <c>keystore.json</c>: which custodian holds the tenant key, and which generation of it is in force.
/// Renaming a new one over it is what commits a rotation.</summary>
/// <param name="Generation">1 or more; the wrapped data keys lie in the folder of this name.</param>
/// <param name="Parameters">What the custodian needs to open the tenant key again.</param>
/// <param name="Sha256">Of the file with this field empty: tells an altered file from a wrong passphrase. No defence in itself: the tenant key's seal is.</param>
sealed record KeystoreFile(string Format, string Tenant, int Generation, string Custodian, SortedDictionary<string, string> Parameters, string Sha256)
{
    public const string Name = "keystore.json";
    const string CurrentFormat = "ambroise-keystore/1";

    public static KeystoreFile Of(string tenant, int generation, string custodian, SortedDictionary<string, string> parameters)
    {
        var unsummed = new KeystoreFile(CurrentFormat, tenant, generation, custodian, parameters, "");
        return unsummed with { Sha256 = unsummed.Sum() };
    }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, KeyFiles.Default.KeystoreFile);

    /// <returns>The keystore; <c>vault.keystore-missing</c>, or <c>vault.keystore-tampered</c> for a file that is not, byte for byte, one we would write for this tenant.</returns>
    public static Result<KeystoreFile> Read(string path, string tenant)
    {
        if (!File.Exists(path)) return new Failure(FailureKind.NotFound, "vault.keystore-missing", $"Tenant '{tenant}' has no keystore: its key was destroyed, or the file was moved away.");
        var bytes = File.ReadAllBytes(path);
        KeystoreFile? read;
        try
        {
            read = JsonSerializer.Deserialize(bytes, KeyFiles.Default.KeystoreFile);
        }
        catch (JsonException)
        {
            return Tampered("is not readable");
        }
        if (read is null || read.Format != CurrentFormat || read.Generation < 1 || read.Sha256 != read.Sum() || !bytes.AsSpan().SequenceEqual(read.ToBytes()))
            return Tampered("is not as it was written");
        return read.Tenant == tenant ? read : Tampered("belongs to another tenant");
    }

    public static Failure Tampered(string how) => new(FailureKind.Tampered, "vault.keystore-tampered", $"The keystore {how}: restore it from its backup.");

    string Sum() => Convert.ToHexStringLower(SHA256.HashData((this with { Sha256 = "" }).ToBytes()));
}

/// <summary>The file <c>&lt;generation&gt;/&lt;group&gt;.json</c>: a group's data keys, wrapped together.</summary>
/// <param name="Names">In the order of the keys inside <paramref name="Wrapped"/>, 32 bytes each.</param>
sealed record GroupFile(string Format, string Tenant, string Group, string[] Names, byte[] Wrapped)
{
    const string CurrentFormat = "ambroise-keys/1";

    public static GroupFile Of(string tenant, string group, string[] names, byte[] wrapped) => new(CurrentFormat, tenant, group, names, wrapped);

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, KeyFiles.Default.GroupFile);

    /// <returns>Null for anything that is not, byte for byte, a file we would write for this tenant and group.</returns>
    public static GroupFile? Parse(byte[] bytes, string tenant, string group)
    {
        GroupFile? read;
        try
        {
            read = JsonSerializer.Deserialize(bytes, KeyFiles.Default.GroupFile);
        }
        catch (JsonException)
        {
            return null;
        }
        return read is not null && read.Format == CurrentFormat && read.Tenant == tenant && read.Group == group
            && Array.TrueForAll(read.Names, KeyName.IsValid) && bytes.AsSpan().SequenceEqual(read.ToBytes()) ? read : null;
    }

    /// <summary>What the wrapped keys are bound to: a group file copied over another's place does not open.</summary>
    public static byte[] Context(string tenant, string group, IEnumerable<string> names) =>
        System.Text.Encoding.UTF8.GetBytes($"ambroise/data-keys/1\n{tenant}\n{group}\n{string.Join('\n', names)}");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(KeystoreFile))]
[JsonSerializable(typeof(GroupFile))]
sealed partial class KeyFiles : JsonSerializerContext;
