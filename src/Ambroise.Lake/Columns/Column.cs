using System.Runtime.InteropServices;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Sealing;

namespace Ambroise.Lake.Columns;

/// <summary>A growing column of one type. Absent values are held as <see cref="Null"/> says.</summary>
/// <param name="shelf">Where its arrays come from and go back to; null for the collector's.</param>
public abstract class Column(ArrayShelf? shelf)
{
    ArrayShelf? shelf = shelf;

    public int Count { get; private protected set; }

    /// <summary>No value so far: such a column takes no memory and no time, and most CDM columns of most hospitals are so.</summary>
    public abstract bool IsAbsent { get; }

    /// <summary>Appends <paramref name="count"/> nulls.</summary>
    public abstract void AppendNulls(int count);

    /// <param name="capacity">Rows to make room for when the first value comes.</param>
    /// <param name="textBytes">Of a column of texts, bytes of theirs likewise.</param>
    /// <param name="apart">Of a column of texts, where long ones go; null to hold them.</param>
    public static Column Of(ColumnType type, int capacity = 0, ArrayShelf? shelf = null, int textBytes = 0, LongTexts? apart = null) => type switch
    {
        ColumnType.Int32 or ColumnType.Date => new Int32Column(capacity, shelf),
        ColumnType.Int64 or ColumnType.Timestamp => new Int64Column(capacity, shelf),
        ColumnType.Float64 => new Float64Column(capacity, shelf),
        _ => new TextColumn(capacity, shelf, textBytes, apart),
    };

    /// <summary>Appends rows <paramref name="rows"/> of <paramref name="from"/>, which is of the same type. Ascending rows without a gap are copied whole.</summary>
    public abstract void AppendFrom(Column from, ReadOnlySpan<int> rows);

    /// <summary>Appends <paramref name="count"/> rows of <paramref name="from"/>, which is of the same type, from <paramref name="first"/> on.</summary>
    public abstract void AppendRange(Column from, int first, int count);

    public void AppendNull() => AppendNulls(1);

    public abstract bool IsNull(int row);
    public abstract void Clear();

    /// <summary>Bytes of memory the column holds, roughly.</summary>
    public abstract long Bytes { get; }

    /// <summary>Rows in another order may begin and end as these do, so each is looked at.</summary>
    private protected static bool Contiguous(ReadOnlySpan<int> rows)
    {
        if (rows.Length == 0 || rows[^1] - rows[0] != rows.Length - 1) return false;
        for (var i = 1; i < rows.Length; i++)
            if (rows[i] != rows[i - 1] + 1) return false;
        return true;
    }

    /// <summary>Clears the column and puts its arrays back where they came from: nobody may hold on to them.</summary>
    public abstract void Release();

    /// <summary>Has a shelf take the column's arrays over: they go there when it is released.</summary>
    public void BelongTo(ArrayShelf other)
    {
        other.TakeOver(Bytes);
        shelf = other;
    }

    /// <summary>Takes the values of another column of the same type with the memory they are in: that one is empty then. What this one held goes back first.</summary>
    public void TakeOver(Column from)
    {
        Release();
        if (from.IsAbsent)
        {
            AppendNulls(from.Count);
        }
        else
        {
            Swap(from);
            Count = from.Count;
            from.shelf?.TakeOver(-Bytes);
            shelf?.TakeOver(Bytes);
        }
        from.Clear();
    }

    /// <summary>Exchanges arrays with a column of the same type, whose count is seen to elsewhere.</summary>
    private protected abstract void Swap(Column with);

    private protected void Grow<T>(ref T[] values, int needed, int kept) where T : unmanaged
    {
        if (needed > values.Length) Move(ref values, (int)Math.Min(System.Array.MaxLength, Math.Max(needed, Math.Max(16, 2L * values.Length))), kept);
    }

    /// <summary>Makes room for <paramref name="room"/> values at least, the first <paramref name="kept"/> as they are.</summary>
    private protected void Move<T>(ref T[] values, int room, int kept) where T : unmanaged
    {
        var larger = shelf?.Take<T>(room) ?? FreshArray.Of<T>(ArrayShelf.Length(room));
        values.AsSpan(0, kept).CopyTo(larger);
        Drop(ref values);
        values = larger;
    }

    private protected void Drop<T>(ref T[] values) where T : unmanaged
    {
        if (values is { Length: > 0 }) shelf?.Give(values);
        values = [];
    }
}

public sealed class Int32Column(int capacity = 0, ArrayShelf? shelf = null) : Column(shelf)
{
    int[] values = [];
    bool absent = true;

    public override bool IsAbsent => absent;

    public Span<int> Values => Array.AsSpan(0, Count);

    /// <summary>The backing array, valid up to <see cref="Column.Count"/>.</summary>
    public int[] Array => absent ? Fill() : values;

    public override long Bytes => absent ? 0 : 4L * values.Length;

    int[] Fill()
    {
        if (values.Length == 0 || values.Length < Count) Move(ref values, Math.Max(Math.Max(16, capacity), Count), 0);
        values.AsSpan(0, Count).Fill(Null.Int32);
        absent = false;
        return values;
    }

    public void Append(int value)
    {
        if (absent) Fill();
        if (Count == values.Length) Grow(ref values, Count + 1, Count);
        values[Count++] = value;
    }

    /// <summary>Room for <paramref name="count"/> more values, to be filled by the caller.</summary>
    public Span<int> AppendSpan(int count)
    {
        if (absent) Fill();
        Grow(ref values, Count + count, Count);
        Count += count;
        return values.AsSpan(Count - count, count);
    }

    public override void AppendFrom(Column from, ReadOnlySpan<int> rows)
    {
        if (from.IsAbsent)
        {
            AppendNulls(rows.Length);
            return;
        }
        if (Contiguous(rows))
        {
            AppendRange(from, rows[0], rows.Length);
            return;
        }
        var source = ((Int32Column)from).values;
        var to = AppendSpan(rows.Length);
        for (var i = 0; i < rows.Length; i++) to[i] = source[rows[i]];
    }

    public override void AppendRange(Column from, int first, int count)
    {
        if (from.IsAbsent) AppendNulls(count);
        else ((Int32Column)from).values.AsSpan(first, count).CopyTo(AppendSpan(count));
    }

    private protected override void Swap(Column with)
    {
        var other = (Int32Column)with;
        (values, other.values) = (other.values, values);
        (absent, other.absent) = (other.absent, absent);
    }

    public override void AppendNulls(int count)
    {
        if (absent) Count += count;
        else AppendSpan(count).Fill(Null.Int32);
    }

    public override bool IsNull(int row) => absent || values[row] == Null.Int32;
    public override void Clear() => (Count, absent) = (0, true);

    public override void Release()
    {
        Clear();
        Drop(ref values);
    }
}

public sealed class Int64Column(int capacity = 0, ArrayShelf? shelf = null) : Column(shelf)
{
    long[] values = [];
    bool absent = true;

    public override bool IsAbsent => absent;

    public Span<long> Values => Array.AsSpan(0, Count);

    /// <summary>The backing array, valid up to <see cref="Column.Count"/>.</summary>
    public long[] Array => absent ? Fill() : values;

    public override long Bytes => absent ? 0 : 8L * values.Length;

    long[] Fill()
    {
        if (values.Length == 0 || values.Length < Count) Move(ref values, Math.Max(Math.Max(16, capacity), Count), 0);
        values.AsSpan(0, Count).Fill(Null.Int64);
        absent = false;
        return values;
    }

    public void Append(long value)
    {
        if (absent) Fill();
        if (Count == values.Length) Grow(ref values, Count + 1, Count);
        values[Count++] = value;
    }

    /// <summary>Room for <paramref name="count"/> more values, to be filled by the caller.</summary>
    public Span<long> AppendSpan(int count)
    {
        if (absent) Fill();
        Grow(ref values, Count + count, Count);
        Count += count;
        return values.AsSpan(Count - count, count);
    }

    public override void AppendFrom(Column from, ReadOnlySpan<int> rows)
    {
        if (from.IsAbsent)
        {
            AppendNulls(rows.Length);
            return;
        }
        if (Contiguous(rows))
        {
            AppendRange(from, rows[0], rows.Length);
            return;
        }
        var source = ((Int64Column)from).values;
        var to = AppendSpan(rows.Length);
        for (var i = 0; i < rows.Length; i++) to[i] = source[rows[i]];
    }

    public override void AppendRange(Column from, int first, int count)
    {
        if (from.IsAbsent) AppendNulls(count);
        else ((Int64Column)from).values.AsSpan(first, count).CopyTo(AppendSpan(count));
    }

    private protected override void Swap(Column with)
    {
        var other = (Int64Column)with;
        (values, other.values) = (other.values, values);
        (absent, other.absent) = (other.absent, absent);
    }

    public override void AppendNulls(int count)
    {
        if (absent) Count += count;
        else AppendSpan(count).Fill(Null.Int64);
    }

    public override bool IsNull(int row) => absent || values[row] == Null.Int64;
    public override void Clear() => (Count, absent) = (0, true);

    public override void Release()
    {
        Clear();
        Drop(ref values);
    }
}

public sealed class Float64Column(int capacity = 0, ArrayShelf? shelf = null) : Column(shelf)
{
    double[] values = [];
    bool absent = true;

    public override bool IsAbsent => absent;

    public Span<double> Values => Array.AsSpan(0, Count);

    /// <summary>The backing array, valid up to <see cref="Column.Count"/>.</summary>
    public double[] Array => absent ? Fill() : values;

    public override long Bytes => absent ? 0 : 8L * values.Length;

    double[] Fill()
    {
        if (values.Length == 0 || values.Length < Count) Move(ref values, Math.Max(Math.Max(16, capacity), Count), 0);
        values.AsSpan(0, Count).Fill(Null.Float64);
        absent = false;
        return values;
    }

    public void Append(double value)
    {
        if (absent) Fill();
        if (Count == values.Length) Grow(ref values, Count + 1, Count);
        values[Count++] = value;
    }

    /// <summary>Room for <paramref name="count"/> more values, to be filled by the caller.</summary>
    public Span<double> AppendSpan(int count)
    {
        if (absent) Fill();
        Grow(ref values, Count + count, Count);
        Count += count;
        return values.AsSpan(Count - count, count);
    }

    public override void AppendFrom(Column from, ReadOnlySpan<int> rows)
    {
        if (from.IsAbsent)
        {
            AppendNulls(rows.Length);
            return;
        }
        if (Contiguous(rows))
        {
            AppendRange(from, rows[0], rows.Length);
            return;
        }
        var source = ((Float64Column)from).values;
        var to = AppendSpan(rows.Length);
        for (var i = 0; i < rows.Length; i++) to[i] = source[rows[i]];
    }

    public override void AppendRange(Column from, int first, int count)
    {
        if (from.IsAbsent) AppendNulls(count);
        else ((Float64Column)from).values.AsSpan(first, count).CopyTo(AppendSpan(count));
    }

    private protected override void Swap(Column with)
    {
        var other = (Float64Column)with;
        (values, other.values) = (other.values, values);
        (absent, other.absent) = (other.absent, absent);
    }

    public override void AppendNulls(int count)
    {
        if (absent) Count += count;
        else AppendSpan(count).Fill(Null.Float64);
    }

    public override bool IsNull(int row) => absent || double.IsNaN(values[row]);
    public override void Clear() => (Count, absent) = (0, true);

    public override void Release()
    {
        Clear();
        Drop(ref values);
    }
}
