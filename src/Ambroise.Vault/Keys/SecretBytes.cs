using System.Security.Cryptography;

namespace Ambroise.Vault.Keys;

/// <summary>Bytes that the garbage collector does not copy around and that are zeroed when disposed of.</summary>
sealed class SecretBytes : IDisposable
{
    readonly byte[] bytes;
    bool disposed;

    public SecretBytes(int length) => bytes = GC.AllocateArray<byte>(length, pinned: true);

    public static SecretBytes Random(int length)
    {
        var secret = new SecretBytes(length);
        RandomNumberGenerator.Fill(secret.bytes);
        return secret;
    }

    /// <summary>Copies <paramref name="source"/> and zeroes it: from here on only one copy exists.</summary>
    public static SecretBytes Take(byte[] source)
    {
        var secret = new SecretBytes(source.Length);
        source.CopyTo(secret.bytes, 0);
        CryptographicOperations.ZeroMemory(source);
        return secret;
    }

    public Memory<byte> Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return bytes;
        }
    }

    public Span<byte> Span => Memory.Span;

    public void Dispose()
    {
        disposed = true;
        CryptographicOperations.ZeroMemory(bytes);
    }
}
