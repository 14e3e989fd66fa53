using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ambroise.Governance.Disclosure;

/// <summary>A set of patients as the disclosure knows it: how many, and a keyed sketch. Holds no patient.</summary>
/// <param name="Count">Distinct patients.</param>
public sealed record PatientSet(long Count, SetSketch Sketch)
{
    /// <summary>Turns patients into keyed elements.</summary>
    /// <param name="key">32 bytes. A patient's element is the first half of the AES-256 encryption of the identifier.</param>
    /// <param name="patients">Distinct, in any order.</param>
    public static PatientSet Of(ReadOnlySpan<byte> key, IEnumerable<long> patients)
    {
        const int Batch = 4096;
        using var aes = Aes.Create();
        aes.SetKey(key);
        var blocks = new byte[16 * Batch];
        var sketch = new SetSketch();
        long count = 0;
        var held = 0;
        foreach (var patient in patients)
        {
            BinaryPrimitives.WriteInt64LittleEndian(blocks.AsSpan(16 * held), patient);
            count++;
            if (++held == Batch) Take();
        }
        Take();
        return new(count, sketch);

        void Take()
        {
            var elements = aes.EncryptEcb(blocks.AsSpan(0, 16 * held), PaddingMode.None);
            for (var i = 0; i < held; i++) sketch.Toggle(Math.Max(1, BinaryPrimitives.ReadUInt64LittleEndian(elements.AsSpan(16 * i))));
            blocks.AsSpan().Clear();
            held = 0;
        }
    }

    /// <returns>The count and the sketch as bytes: the same for the same patients, whatever the question.</returns>
    public byte[] ToBytes()
    {
        var bytes = new byte[8 + SetSketch.Bytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Count);
        Sketch.Write(bytes.AsSpan(8));
        return bytes;
    }
}
