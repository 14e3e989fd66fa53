using System.Buffers.Text;
using System.Runtime.InteropServices;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>The identifiers of an encounter as its record keeps them: base64 of little-endian 64-bit numbers, the keys that stand for them in references.</summary>
static class EncounterNames
{
    public static byte[] Text(IReadOnlyList<long> names)
    {
        var text = new byte[Base64.GetMaxEncodedToUtf8Length(names.Count * sizeof(long))];
        Base64.EncodeToUtf8(MemoryMarshal.AsBytes<long>([.. names]), text, out _, out _);
        return text;
    }

    public static ReadOnlySpan<long> Of(ReadOnlySpan<byte> text)
    {
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        Base64.DecodeFromUtf8(text, bytes, out _, out var length);
        return MemoryMarshal.Cast<byte, long>(bytes.AsSpan(0, length));
    }
}
