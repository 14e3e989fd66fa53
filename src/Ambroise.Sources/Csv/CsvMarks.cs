using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ambroise.Sources.Csv;

/// <summary>Walks the delimiters, line ends and quotes of a text, 32 bytes compared at once.</summary>
ref struct CsvMarks
{
    readonly ReadOnlySpan<byte> text;
    readonly byte delimiter, quote;
    int window;
    uint mask;

    /// <param name="quotes">Else quotes are bytes like any other.</param>
    public CsvMarks(ReadOnlySpan<byte> text, byte delimiter, bool quotes)
    {
        this.text = text;
        this.delimiter = delimiter;
        quote = quotes ? (byte)'"' : delimiter;
        Load();
    }

    /// <returns>The position of the next mark, or the text's length.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Next()
    {
        while (mask == 0)
        {
            if (window + Vector256<byte>.Count >= text.Length) return text.Length;
            window += Vector256<byte>.Count;
            Load();
        }
        var mark = window + BitOperations.TrailingZeroCount(mask);
        mask &= mask - 1;
        return mark;
    }

    /// <summary>Goes on from a position further along, or back inside the present text.</summary>
    public void SkipTo(int position)
    {
        if (position >= text.Length)
        {
            (window, mask) = (text.Length, 0);
            return;
        }
        window = position & ~31;
        Load();
        mask &= uint.MaxValue << (position - window);
    }

    void Load()
    {
        mask = 0;
        if (window + Vector256<byte>.Count <= text.Length)
        {
            var bytes = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(text), (nuint)window);
            mask = (Vector256.Equals(bytes, Vector256.Create(delimiter)) | Vector256.Equals(bytes, Vector256.Create((byte)'\n')) | Vector256.Equals(bytes, Vector256.Create(quote))).ExtractMostSignificantBits();
            return;
        }
        for (var i = window; i < text.Length; i++)
            if (text[i] == delimiter || text[i] == '\n' || text[i] == quote) mask |= 1U << (i - window);
    }
}
