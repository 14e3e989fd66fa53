using System.Text;

namespace Ambroise.Lake.Columns;

/// <summary>UTF-8 text in one arena. Null and empty differ.</summary>
public sealed class TextColumn(int capacity = 0, ArrayShelf? shelf = null, int textBytes = 0) : Column(shelf)
{
    byte[] bytes = [];
    long[] ranges = []; // start << 32 | length, -1 for null
    long last = -1; // range of the last text that is not null
    int used;
    bool absent = true;

    public override bool IsAbsent => absent;

    public override long Bytes => absent ? 0 : bytes.Length + 8L * ranges.Length;

    public ReadOnlySpan<byte> this[int row] => absent || ranges[row] < 0 ? default : bytes.AsSpan((int)(ranges[row] >> 32), (int)ranges[row]);

    /// <returns>The value at <paramref name="row"/>, or null.</returns>
    public string? Text(int row) => IsNull(row) ? null : Encoding.UTF8.GetString(this[row]);

    /// <summary>Bytes of texts held.</summary>
    public int TextBytes => used;

    /// <summary>The arena: <see cref="Range"/> says where a row's bytes are.</summary>
    public byte[] Arena => bytes;

    /// <returns>Start and length in <see cref="Arena"/>; length -1 for null.</returns>
    public (int Start, int Length) Range(int row) => RangeAt(row) is >= 0 and var range ? ((int)(range >> 32), (int)range) : (0, -1);

    /// <returns>The same as one number: start in the upper, length in the lower 32 bits; -1 for null.</returns>
    public long RangeAt(int row) => absent ? -1 : ranges[row];

    /// <exception cref="InvalidOperationException">More than 2 GiB of text in one column: the caller must cut its batches.</exception>
    public void Append(ReadOnlySpan<byte> utf8)
    {
        if (absent) Fill();
        if (Count == ranges.Length) Grow(ref ranges, Count + 1, Count);
        // Of most columns of few words the next is the last one again: one place in memory serves both.
        if (last >= 0 && (int)last == utf8.Length && utf8.SequenceEqual(bytes.AsSpan((int)(last >> 32), utf8.Length)))
        {
            ranges[Count++] = last;
            return;
        }
        Reserve(utf8.Length);
        utf8.CopyTo(bytes.AsSpan(used));
        ranges[Count++] = last = (long)used << 32 | (uint)utf8.Length;
        used += utf8.Length;
    }

    public void Append(string? text)
    {
        if (text is null) AppendNull();
        else Append(Encoding.UTF8.GetBytes(text));
    }

    public override void AppendFrom(Column from, ReadOnlySpan<int> rows)
    {
        var source = (TextColumn)from;
        if (source.absent)
        {
            AppendNulls(rows.Length);
            return;
        }
        if (!Contiguous(rows))
        {
            foreach (var row in rows)
                if (source.ranges[row] < 0) AppendNull();
                else Append(source[row]);
            return;
        }
        AppendRange(from, rows[0], rows.Length);
    }

    public override void AppendRange(Column from, int first, int count)
    {
        var source = (TextColumn)from;
        if (source.absent)
        {
            AppendNulls(count);
            return;
        }
        // Rows side by side have their bytes side by side, or share them: one copy, and every range moved by the same distance.
        var moved = source.ranges.AsSpan(first, count);
        int start = -1, end = 0;
        foreach (var range in moved)
            if (range >= 0)
            {
                if (start < 0) start = (int)(range >> 32);
                end = (int)(range >> 32) + (int)range;
            }
        if (start < 0)
        {
            AppendNulls(count);
            return;
        }
        if (absent) Fill();
        Reserve(end - start);
        source.bytes.AsSpan(start, end - start).CopyTo(bytes.AsSpan(used));
        Grow(ref ranges, Count + count, Count);
        var distance = (long)(used - start) << 32;
        for (var i = 0; i < moved.Length; i++) ranges[Count + i] = moved[i] < 0 ? -1 : moved[i] + distance;
        Count += count;
        used += end - start;
        last = -1;
    }

    public override void AppendNulls(int count)
    {
        if (!absent)
        {
            Grow(ref ranges, Count + count, Count);
            ranges.AsSpan(Count, count).Fill(-1);
        }
        Count += count;
    }

    private protected override void Swap(Column with)
    {
        var other = (TextColumn)with;
        (bytes, other.bytes) = (other.bytes, bytes);
        (ranges, other.ranges) = (other.ranges, ranges);
        (last, other.last) = (other.last, last);
        (used, other.used) = (other.used, used);
        (absent, other.absent) = (other.absent, absent);
    }

    public override bool IsNull(int row) => absent || ranges[row] < 0;

    public override void Clear() => (Count, used, last, absent) = (0, 0, -1, true);

    public override void Release()
    {
        Clear();
        Drop(ref ranges);
        Drop(ref bytes);
    }

    void Fill()
    {
        if (ranges.Length == 0 || ranges.Length < Count) Move(ref ranges, Math.Max(Math.Max(16, capacity), Count), 0);
        ranges.AsSpan(0, Count).Fill(-1);
        absent = false;
    }

    void Reserve(int more)
    {
        if (int.MaxValue - used < more) throw new InvalidOperationException("A text column holds at most 2 GiB.");
        if (used + more > bytes.Length) Move(ref bytes, (int)Math.Min(System.Array.MaxLength, Math.Max(used + more, Math.Max(Math.Max(256, textBytes), 2L * bytes.Length))), used);
    }
}
