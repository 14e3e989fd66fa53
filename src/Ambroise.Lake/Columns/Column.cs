using System.Runtime.InteropServices;
using System.Text;
using Ambroise.Lake.Cdm;

namespace Ambroise.Lake.Columns;

/// <summary>A growing column of one type. Absent values are held as <see cref="Null"/> says.</summary>
public abstract class Column
{
    public int Count { get; private protected set; }

    public static Column Of(ColumnType type, int capacity = 0) => type switch
    {
        ColumnType.Int32 or ColumnType.Date => new Int32Column(capacity),
        ColumnType.Int64 or ColumnType.Timestamp => new Int64Column(capacity),
        ColumnType.Float64 => new Float64Column(capacity),
        _ => new TextColumn(capacity),
    };

    /// <summary>Appends rows <paramref name="rows"/> of <paramref name="from"/>, which is of the same type.</summary>
    public abstract void AppendFrom(Column from, ReadOnlySpan<int> rows);

    public abstract void AppendNull();
    public abstract bool IsNull(int row);
    public abstract void Clear();

    /// <summary>Bytes of memory the column holds, roughly.</summary>
    public abstract long Bytes { get; }

    private protected static void Grow<T>(ref T[] values, int needed)
    {
        if (needed > values.Length) Array.Resize(ref values, Math.Max(needed, Math.Max(16, values.Length * 2)));
    }
}

public sealed class Int32Column(int capacity = 0) : Column
{
    int[] values = new int[capacity];

    public Span<int> Values => values.AsSpan(0, Count);

    /// <summary>The backing array, valid up to <see cref="Column.Count"/>.</summary>
    public int[] Array => values;

    public override long Bytes => 4L * values.Length;

    public void Append(int value)
    {
        if (Count == values.Length) Grow(ref values, Count + 1);
        values[Count++] = value;
    }

    /// <summary>Room for <paramref name="count"/> more values, to be filled by the caller.</summary>
    public Span<int> AppendSpan(int count)
    {
        Grow(ref values, Count + count);
        Count += count;
        return values.AsSpan(Count - count, count);
    }

    public override void AppendFrom(Column from, ReadOnlySpan<int> rows)
    {
        var source = ((Int32Column)from).values;
        var to = AppendSpan(rows.Length);
        for (var i = 0; i < rows.Length; i++) to[i] = source[rows[i]];
    }

    public override void AppendNull() => Append(Null.Int32);
    public override bool IsNull(int row) => values[row] == Null.Int32;
    public override void Clear() => Count = 0;
}

public sealed class Int64Column(int capacity = 0) : Column
{
    long[] values = new long[capacity];

    public Span<long> Values => values.AsSpan(0, Count);

    /// <summary>The backing array, valid up to <see cref="Column.Count"/>.</summary>
    public long[] Array => values;

    public override long Bytes => 8L * values.Length;

    public void Append(long value)
    {
        if (Count == values.Length) Grow(ref values, Count + 1);
        values[Count++] = value;
    }

    /// <summary>Room for <paramref name="count"/> more values, to be filled by the caller.</summary>
    public Span<long> AppendSpan(int count)
    {
        Grow(ref values, Count + count);
        Count += count;
        return values.AsSpan(Count - count, count);
    }

    public override void AppendFrom(Column from, ReadOnlySpan<int> rows)
    {
        var source = ((Int64Column)from).values;
        var to = AppendSpan(rows.Length);
        for (var i = 0; i < rows.Length; i++) to[i] = source[rows[i]];
    }

    public override void AppendNull() => Append(Null.Int64);
    public override bool IsNull(int row) => values[row] == Null.Int64;
    public override void Clear() => Count = 0;
}

public sealed class Float64Column(int capacity = 0) : Column
{
    double[] values = new double[capacity];

    public Span<double> Values => values.AsSpan(0, Count);

    /// <summary>The backing array, valid up to <see cref="Column.Count"/>.</summary>
    public double[] Array => values;

    public override long Bytes => 8L * values.Length;

    public void Append(double value)
    {
        if (Count == values.Length) Grow(ref values, Count + 1);
        values[Count++] = value;
    }

    /// <summary>Room for <paramref name="count"/> more values, to be filled by the caller.</summary>
    public Span<double> AppendSpan(int count)
    {
        Grow(ref values, Count + count);
        Count += count;
        return values.AsSpan(Count - count, count);
    }

    public override void AppendFrom(Column from, ReadOnlySpan<int> rows)
    {
        var source = ((Float64Column)from).values;
        var to = AppendSpan(rows.Length);
        for (var i = 0; i < rows.Length; i++) to[i] = source[rows[i]];
    }

    public override void AppendNull() => Append(Null.Float64);
    public override bool IsNull(int row) => double.IsNaN(values[row]);
    public override void Clear() => Count = 0;
}

/// <summary>UTF-8 text in one arena. Null and empty differ.</summary>
public sealed class TextColumn(int capacity = 0) : Column
{
    byte[] bytes = [];
    long[] ranges = new long[capacity]; // start << 32 | length, -1 for null
    int used;

    public override long Bytes => bytes.Length + 8L * ranges.Length;

    /// <summary>Bytes of text held.</summary>
    public int TextBytes => used;

    public ReadOnlySpan<byte> this[int row] => ranges[row] is var r && r < 0 ? default : bytes.AsSpan((int)(r >> 32), (int)r);

    /// <returns>The value at <paramref name="row"/>, or null.</returns>
    public string? Text(int row) => IsNull(row) ? null : Encoding.UTF8.GetString(this[row]);

    /// <summary>The arena: <see cref="Range"/> says where a row's bytes are.</summary>
    public byte[] Arena => bytes;

    /// <returns>Start and length in <see cref="Arena"/>; length -1 for null.</returns>
    public (int Start, int Length) Range(int row) => ranges[row] is var r && r < 0 ? (0, -1) : ((int)(r >> 32), (int)r);

    /// <exception cref="InvalidOperationException">More than 2 GiB of text in one column: the caller must cut its batches.</exception>
    public void Append(ReadOnlySpan<byte> utf8)
    {
        if (int.MaxValue - used < utf8.Length) throw new InvalidOperationException("A text column holds at most 2 GiB.");
        if (used + utf8.Length > bytes.Length)
            System.Array.Resize(ref bytes, (int)Math.Min(Array.MaxLength, Math.Max(used + utf8.Length, Math.Max(256, 2L * bytes.Length))));
        utf8.CopyTo(bytes.AsSpan(used));
        if (Count == ranges.Length) Grow(ref ranges, Count + 1);
        ranges[Count++] = (long)used << 32 | (uint)utf8.Length;
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
        foreach (var row in rows)
            if (source.ranges[row] < 0) AppendNull();
            else Append(source[row]);
    }

    public override void AppendNull()
    {
        if (Count == ranges.Length) Grow(ref ranges, Count + 1);
        ranges[Count++] = -1;
    }

    public override bool IsNull(int row) => ranges[row] < 0;

    public override void Clear() => (Count, used) = (0, 0);
}
