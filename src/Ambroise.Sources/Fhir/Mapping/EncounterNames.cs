using System.Buffers.Text;
using System.Runtime.InteropServices;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>The identifiers of an encounter as its record keeps them: base64 of little-endian 64-bit numbers, the keys that stand for them in references.</summary>
static class EncounterNames
{
    /// <param name="room">Is used where it is enough.</param>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<long> names, Span<byte> room)
    {
        if (room.Length < Base64.GetMaxEncodedToUtf8Length(names.Length * sizeof(long))) room = new byte[Base64.GetMaxEncodedToUtf8Length(names.Length * sizeof(long))];
        Base64.EncodeToUtf8(MemoryMarshal.AsBytes(names), room, out _, out var length);
        return room[..length];
    }

    public static ReadOnlySpan<long> Of(ReadOnlySpan<byte> text)
    {
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        Base64.DecodeFromUtf8(text, bytes, out _, out var length);
        return MemoryMarshal.Cast<byte, long>(bytes.AsSpan(0, length));
    }
}
