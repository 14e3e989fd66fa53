using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using ParquetSharp;

namespace Ambroise.Lake.Sealing;

/// <summary>One data key of the vault, as a Parquet file names it.</summary>
/// <param name="Id">The master key identifier written in the file, e.g. <c>r3/note.text</c>.</param>
/// <param name="Key">32 bytes, AES-256.</param>
public readonly record struct DataKey(string Id, ReadOnlyMemory<byte> Key);

/// <summary>Key metadata of Parquet Modular Encryption in the form PyArrow's and Spark's key tools read (PKMT1, single wrapping).</summary>
/// <remarks>apache/parquet-format Encryption.md, section 6; parquet-mr KeyMaterial. Each file has its own random keys; the vault's data key wraps them.
/// Wrapped key: base64 of 12 bytes nonce, 32 bytes cipher text, 16 bytes tag; AES-256-GCM with the key identifier as additional data.</remarks>
static class FileKeys
{
    public const int KeyBytes = 32;
    const int NonceBytes = 12, TagBytes = 16;

    /// <summary>Draws a file key and the metadata that lets the data key's holder recover it.</summary>
    public static (byte[] Key, string Metadata) Draw(DataKey under, bool isFooter)
    {
        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        var wrapped = new byte[NonceBytes + KeyBytes + TagBytes];
        RandomNumberGenerator.Fill(wrapped.AsSpan(0, NonceBytes));
        using var gcm = new AesGcm(under.Key.Span, TagBytes);
        gcm.Encrypt(wrapped.AsSpan(0, NonceBytes), key, wrapped.AsSpan(NonceBytes, KeyBytes), wrapped.AsSpan(NonceBytes + KeyBytes), Id(under.Id));
        var material = new KeyMaterial("PKMT1", true, isFooter, isFooter ? "DEFAULT" : null, isFooter ? "DEFAULT" : null, under.Id, Convert.ToBase64String(wrapped), false);
        return (key, JsonSerializer.Serialize(material, KeyMaterialJson.Default.KeyMaterial));
    }

    /// <summary>Recovers file keys from the metadata that <see cref="Draw"/> wrote.</summary>
    /// <exception cref="FailureException">The metadata is not ours or was not made under this key.</exception>
    public sealed class Retriever(Func<string, ReadOnlyMemory<byte>?> dataKey) : DecryptionKeyRetriever
    {
        /// <summary>What went wrong in the last retrieval: the native caller turns exceptions into its own.</summary>
        public Failure? Failure { get; private set; }

        public override byte[] GetKey(string keyMetadata)
        {
            try
            {
                return Recover(keyMetadata);
            }
            catch (Exception e) when (e is JsonException or FormatException or CryptographicException or FailureException)
            {
                Failure = e is FailureException { Failure: var f } ? f : new(FailureKind.Tampered, "lake.file-key", "A file's key metadata cannot be opened with the tenant's keys.");
                throw Failure.AsException();
            }
        }

        byte[] Recover(string metadata)
        {
            var material = JsonSerializer.Deserialize(metadata, KeyMaterialJson.Default.KeyMaterial);
            if (material is not { WrappedDek: { } text, MasterKeyId: { } id } || dataKey(id) is not { } under)
                throw new Failure(FailureKind.Tampered, "lake.file-key", "A file names a key that this tenant does not hold.").AsException();
            var wrapped = Convert.FromBase64String(text);
            if (wrapped.Length != NonceBytes + KeyBytes + TagBytes) throw new FormatException();
            var key = new byte[KeyBytes];
            using var gcm = new AesGcm(under.Span, TagBytes);
            gcm.Decrypt(wrapped.AsSpan(0, NonceBytes), wrapped.AsSpan(NonceBytes, KeyBytes), wrapped.AsSpan(NonceBytes + KeyBytes), key, Id(id));
            return key;
        }
    }

    static byte[] Id(string id) => System.Text.Encoding.UTF8.GetBytes(id);
}

sealed record KeyMaterial(
    [property: JsonPropertyName("keyMaterialType")] string? Type,
    [property: JsonPropertyName("internalStorage")] bool InternalStorage,
    [property: JsonPropertyName("isFooterKey")] bool IsFooterKey,
    [property: JsonPropertyName("kmsInstanceID"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? KmsInstanceId,
    [property: JsonPropertyName("kmsInstanceURL"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? KmsInstanceUrl,
    [property: JsonPropertyName("masterKeyID")] string? MasterKeyId,
    [property: JsonPropertyName("wrappedDEK")] string? WrappedDek,
    [property: JsonPropertyName("doubleWrapping")] bool DoubleWrapping);

[JsonSerializable(typeof(KeyMaterial))]
sealed partial class KeyMaterialJson : JsonSerializerContext;
