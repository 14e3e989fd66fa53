using System.Text;
using Ambroise.Vault.Keys;

namespace Ambroise.Vault;

/// <summary>What a person gives to open a tenant: the passphrase of a keystore, or the PIN of a hardware token. Zeroed when disposed of.</summary>
public sealed class Passphrase : IDisposable
{
    readonly SecretBytes utf8;

    /// <param name="text">At least one character. Compared byte for byte: the same characters typed in another Unicode form are another passphrase.</param>
    public Passphrase(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) throw new ArgumentException("A passphrase has at least one character.", nameof(text));
        utf8 = new SecretBytes(Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, utf8.Span);
    }

    internal ReadOnlySpan<byte> Utf8 => utf8.Span;

    public void Dispose() => utf8.Dispose();

    /// <returns>Never the passphrase.</returns>
    public override string ToString() => "(passphrase)";
}
