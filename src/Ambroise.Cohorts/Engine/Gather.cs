using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;

namespace Ambroise.Cohorts.Engine;

/// <summary>Reads the values of chosen rows, block by block; rows that follow one another are copied as a span.</summary>
static class Gather
{
    const int Shift = 16, Mask = IShardTable.BlockRows - 1;

    /// <returns>Where the rows that lie in the block of <c>rows[from]</c> end.</returns>
    static int BlockEnd(ReadOnlySpan<int> rows, int from)
    {
        var block = rows[from] >> Shift;
        if (rows[^1] >> Shift == block) return rows.Length;
        var to = from + 1;
        while (to < rows.Length && rows[to] >> Shift == block) to++;
        return to;
    }

    static void Copy<T>(T[] values, ReadOnlySpan<int> rows, Span<T> to)
    {
        if (rows[^1] - rows[0] == rows.Length - 1)
        {
            values.AsSpan(rows[0] & Mask, rows.Length).CopyTo(to);
            return;
        }
        for (var i = 0; i < rows.Length; i++) to[i] = values[rows[i] & Mask];
    }

    /// <param name="rows">Ascending.</param>
    public static void Patients(IShardTable table, ReadOnlySpan<int> rows, Span<ushort> to)
    {
        for (int from = 0, end; from < rows.Length; from = end) Copy(table.Patients(rows[from] >> Shift), rows[from..(end = BlockEnd(rows, from))], to[from..]);
    }

    public static void Int32(IShardTable table, CdmColumn column, ReadOnlySpan<int> rows, Span<int> to)
    {
        for (int from = 0, end; from < rows.Length; from = end) Copy(table.Int32(column, rows[from] >> Shift), rows[from..(end = BlockEnd(rows, from))], to[from..]);
    }

    public static void Int64(IShardTable table, CdmColumn column, ReadOnlySpan<int> rows, Span<long> to)
    {
        for (int from = 0, end; from < rows.Length; from = end) Copy(table.Int64(column, rows[from] >> Shift), rows[from..(end = BlockEnd(rows, from))], to[from..]);
    }

    public static void Text(IShardTable table, CdmColumn column, ReadOnlySpan<int> rows, Span<string?> to)
    {
        for (int from = 0, end; from < rows.Length; from = end) Copy(table.Text(column, rows[from] >> Shift), rows[from..(end = BlockEnd(rows, from))], to[from..]);
    }

    /// <summary>Any numeric column, as a real number.</summary>
    public static void Real(IShardTable table, CdmColumn column, ReadOnlySpan<int> rows, Span<double> to)
    {
        if (column.Type == ColumnType.Float64)
        {
            for (int from = 0, end; from < rows.Length; from = end) Copy(table.Float64(column, rows[from] >> Shift), rows[from..(end = BlockEnd(rows, from))], to[from..]);
            return;
        }
        var whole = new int[rows.Length];
        Int32(table, column, rows, whole);
        for (var i = 0; i < whole.Length; i++) to[i] = whole[i] == Null.Int32 ? double.NaN : whole[i];
    }

    /// <summary>Any column as 64 bits that are equal where values are; absent values are <see cref="Null.Int64"/>.</summary>
    public static long[] Bits(IShardTable table, CdmColumn column, ReadOnlySpan<int> rows)
    {
        var bits = new long[rows.Length];
        if (column.Type is ColumnType.Int64 or ColumnType.Timestamp)
        {
            Int64(table, column, rows, bits);
            return bits;
        }
        var real = new double[rows.Length];
        Real(table, column, rows, real);
        // Adding zero makes one of the two zeros.
        for (var i = 0; i < bits.Length; i++) bits[i] = double.IsNaN(real[i]) ? Null.Int64 : BitConverter.DoubleToInt64Bits(real[i] + 0.0);
        return bits;
    }
}
