using System.Text;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Columns;

/// <summary>UTF-8 text in one arena. Null and empty differ. Of a text that lies apart (<see cref="LongTexts"/>) the arena has the place.</summary>
/// <param name="apart">Where long texts go; null to hold them here, unless rows come whose texts lie apart.</param>
public sealed class TextColumn(int capacity = 0, ArrayShelf? shelf = null, int textBytes = 0, LongTexts? apart = null) : Column(shelf)
{
    /// <summary>In a range: the text lies apart.</summary>
    const long ApartFlag = 1L << 31;

    byte[] bytes = [];
    long[] ranges = []; // start << 32 | flag | length, -1 for null
    byte[] fetched = [];
    long last = -1; // range of the last text that is not null and not apart
    int used;
    bool absent = true;
    LongTexts? apart = apart;

    public override bool IsAbsent => absent;

    public override long Bytes => absent ? 0 : bytes.Length + 8L * ranges.Length;

    /// <summary>The text of a row, empty for null; one that lies apart is fetched, and to be used before the next.</summary>
    public ReadOnlySpan<byte> this[int row]
    {
        get
        {
            var range = RangeAt(row);
            if (range < 0) return default;
            if (!IsApart(range)) return In(range);
            var length = Length(range);
            if (fetched.Length < length) fetched = GC.AllocateUninitializedArray<byte>(length);
            Fetch(range, fetched.AsSpan(0, length));
            return fetched.AsSpan(0, length);
        }
    }

    /// <summary>What the arena holds of a range that is not null: the text, or its place.</summary>
    ReadOnlySpan<byte> In(long range) => bytes.AsSpan((int)(range >> 32), (int)(range & ~ApartFlag));

    /// <summary>Of a range, as <see cref="RangeAt"/> gives it: its text is no part of the arena, but fetched.</summary>
    public static bool IsApart(long range) => range >= 0 && (range & ApartFlag) != 0;

    /// <returns>How long the text of a range is that is not null.</returns>
    public int Length(long range) => IsApart(range) ? LongTexts.Length(In(range)) : (int)range;

    /// <param name="into">As long as the text, which lies apart.</param>
    public void Fetch(long range, Span<byte> into) => apart!.Get(In(range), into);

    /// <summary>Where texts lie that lie apart; null where none does.</summary>
    public LongTexts? Apart => apart;

    /// <returns>The value at <paramref name="row"/>, or null.</returns>
    public string? Text(int row) => IsNull(row) ? null : Encoding.UTF8.GetString(this[row]);

    /// <summary>Bytes of texts held.</summary>
    public int TextBytes => used;

    /// <summary>The arena: <see cref="RangeAt"/> says where a row's bytes are.</summary>
    public byte[] Arena => bytes;

    /// <returns>Where a row's bytes are, as one number: their start in <see cref="Arena"/> in the upper, their length in the lower 31 bits, and whether they are but the place of a text (<see cref="IsApart"/>); -1 for null.</returns>
    public long RangeAt(int row) => absent ? -1 : ranges[row];

    /// <exception cref="InsufficientMemoryException">More than 2 GiB of text in one column: as where memory is short, for nobody has so much for one.</exception>
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
        if (apart is not null && utf8.Length > apart.Least)
        {
            Reserve(LongTexts.PlaceBytes);
            apart.Put(utf8, bytes.AsSpan(used, LongTexts.PlaceBytes));
            End(LongTexts.PlaceBytes, ApartFlag);
            last = -1; // rows side by side have their bytes side by side
            return;
        }
        Reserve(utf8.Length);
        utf8.CopyTo(bytes.AsSpan(used));
        last = End(utf8.Length, 0);
    }

    long End(int length, long flag)
    {
        var range = ranges[Count++] = (long)used << 32 | flag | (uint)length;
        used += length;
        return range;
    }

    /// <summary>Appends a text that lies apart already.</summary>
    public void AppendPlace(ReadOnlySpan<byte> place, LongTexts of)
    {
        apart ??= of;
        if (apart != of) throw new InvalidOperationException("A column's texts lie in one place.");
        if (absent) Fill();
        if (Count == ranges.Length) Grow(ref ranges, Count + 1, Count);
        Reserve(place.Length);
        place.CopyTo(bytes.AsSpan(used));
        End(place.Length, ApartFlag);
        last = -1;
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
        if (Contiguous(rows))
        {
            AppendRange(from, rows[0], rows.Length);
            return;
        }
        foreach (var row in rows) AppendRow(source, row);
    }

    void AppendRow(TextColumn source, int row)
    {
        var range = source.ranges[row];
        if (range < 0) AppendNull();
        else if (IsApart(range) && (apart is null || apart == source.apart)) AppendPlace(source.In(range), source.apart!);
        else Append(source[row]);
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
        var (start, end, places, longest) = (-1, 0, 0L, 0L);
        foreach (var range in moved)
            if (range >= 0)
            {
                var length = range & (ApartFlag - 1);
                if (start < 0) start = (int)(range >> 32);
                end = (int)(range >> 32) + (int)length;
                places |= range & ApartFlag;
                longest = Math.Max(longest, length);
            }
        if (start < 0)
        {
            AppendNulls(count);
            return;
        }
        if (places != 0 && apart is not null && apart != source.apart || apart is not null && longest > apart.Least)
        {
            for (var row = first; row < first + count; row++) AppendRow(source, row);
            return;
        }
        if (places != 0) apart = source.apart;
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
        apart = other.apart ?? apart;
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
        if (int.MaxValue - used < more) throw new InsufficientMemoryException("A text column holds at most 2 GiB.");
        if (used + more > bytes.Length) Move(ref bytes, (int)Math.Min(System.Array.MaxLength, Math.Max(used + more, Math.Max(Math.Max(256, textBytes), 2L * bytes.Length))), used);
    }
}
