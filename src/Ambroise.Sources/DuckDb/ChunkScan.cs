using System.Runtime.InteropServices;
using Ambroise.Lake.Columns;
using DuckDB.NET.Data;
using DuckDB.NET.Native;

namespace Ambroise.Sources.DuckDb;

/// <summary>Runs a query and copies DuckDB's own vectors into columns, a chunk of 2,048 rows at a time, without an object per row.</summary>
/// <remarks>The result streams: DuckDB holds a few chunks, whatever the size of the files.</remarks>
sealed unsafe class ChunkScan : IDisposable
{
    readonly DuckDBPreparedStatement statement;
    DuckDBResult result;
    bool open, ended;

    /// <summary>Values, by column and row since it was last cleared, that happen to be the ones held for null.</summary>
    public List<(int Column, int Row)> Reserved { get; } = [];

    /// <exception cref="SourceException">DuckDB refuses the query or the file. Its own message, which may quote the file, is not passed on.</exception>
    public ChunkScan(DuckDBConnection connection, string sql)
    {
        if (NativeMethods.PreparedStatements.DuckDBPrepare(connection.NativeConnection, sql, out statement) != DuckDBState.Success)
        {
            statement.Dispose();
            throw new SourceException();
        }
        if (NativeMethods.PreparedStatements.DuckDBExecutePreparedStreaming(statement, out result) != DuckDBState.Success)
        {
            var fault = Fault(NativeMethods.Query.DuckDBResultError(ref result));
            NativeMethods.Query.DuckDBDestroyResult(ref result);
            statement.Dispose();
            throw fault;
        }
        open = true;
    }

    /// <summary>DuckDB's own message is not passed on, but whether the file or the memory was at fault.</summary>
    static Exception Fault(string message) => message.StartsWith("Out of Memory", StringComparison.Ordinal) ? new InsufficientMemoryException() : new SourceException();

    /// <summary>Appends the next chunk's vectors to the columns, one for each column of the query.</summary>
    /// <returns>Rows appended; 0 at the end.</returns>
    /// <exception cref="SourceException">Reading failed midway.</exception>
    /// <exception cref="InsufficientMemoryException">A row group is larger than the memory given.</exception>
    public int Next(ReadOnlySpan<Column> columns)
    {
        if (ended) return 0;
        using var chunk = NativeMethods.StreamingResult.DuckDBStreamFetchChunk(result);
        if (chunk.IsInvalid)
        {
            // To fetch past the end is an error to DuckDB.
            ended = true;
            return NativeMethods.Query.DuckDBResultError(ref result) is { Length: > 0 } message ? throw Fault(message) : 0;
        }
        var rows = (int)NativeMethods.DataChunks.DuckDBDataChunkGetSize(chunk);
        for (var c = 0; c < columns.Length; c++)
        {
            var vector = NativeMethods.DataChunks.DuckDBDataChunkGetVector(chunk, c);
            Append(columns[c], c, NativeMethods.Vectors.DuckDBVectorGetData(vector), NativeMethods.Vectors.DuckDBVectorGetValidity(vector), rows);
        }
        return rows;
    }

    void Append(Column to, int column, void* values, ulong* validity, int rows)
    {
        if (validity is not null && AllNull(validity, rows))
        {
            to.AppendNulls(rows);
            return;
        }
        switch (to)
        {
            case Int32Column c: Copy((int*)values, validity, c.AppendSpan(rows), Null.Int32); Guard(c.Values[^rows..], Null.Int32, validity, column, c.Count - rows); break;
            case Int64Column c: Copy((long*)values, validity, c.AppendSpan(rows), Null.Int64); Guard(c.Values[^rows..], Null.Int64, validity, column, c.Count - rows); break;
            case Float64Column c: Copy((double*)values, validity, c.AppendSpan(rows), Null.Float64); break;
            case TextColumn c: Copy((DuckString*)values, validity, c, rows); break;
        }
    }

    void Guard<T>(ReadOnlySpan<T> values, T absent, ulong* validity, int column, int first) where T : IEquatable<T>
    {
        var nulls = 0;
        if (validity is not null)
            for (var word = 0; word * 64 < values.Length; word++)
                nulls += System.Numerics.BitOperations.PopCount(~validity[word] & (values.Length - word * 64 is < 64 and var left ? (1UL << left) - 1 : ulong.MaxValue));
        if (values.Count(absent) == nulls) return;
        for (var row = 0; row < values.Length; row++)
            if (values[row].Equals(absent) && (validity is null || (validity[row >> 6] >> (row & 63) & 1) != 0)) Reserved.Add((column, first + row));
    }

    static bool AllNull(ulong* validity, int rows)
    {
        for (var word = 0; word < rows / 64; word++)
            if (validity[word] != 0) return false;
        return rows % 64 == 0 || (validity[rows / 64] & ((1UL << rows % 64) - 1)) == 0;
    }

    static void Copy<T>(T* from, ulong* validity, Span<T> to, T absent) where T : unmanaged
    {
        new ReadOnlySpan<T>(from, to.Length).CopyTo(to);
        if (validity is null) return;
        for (var word = 0; word * 64 < to.Length; word++)
            for (var missing = ~validity[word]; missing != 0; missing &= missing - 1)
                if (word * 64 + System.Numerics.BitOperations.TrailingZeroCount(missing) is var row && row < to.Length) to[row] = absent;
    }

    static void Copy(DuckString* from, ulong* validity, TextColumn to, int rows)
    {
        for (var row = 0; row < rows; row++)
            if (validity is not null && (validity[row >> 6] >> (row & 63) & 1) == 0) to.AppendNull();
            else to.Append(from[row].Bytes(from + row));
    }

    public void Dispose()
    {
        if (open) NativeMethods.Query.DuckDBDestroyResult(ref result);
        open = false;
        statement.Dispose();
    }

    /// <summary>DuckDB's duckdb_string_t: 12 bytes or fewer stand inside it.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 16)]
    readonly struct DuckString
    {
        [FieldOffset(0)] readonly uint length;
        [FieldOffset(8)] readonly byte* pointer;

        public ReadOnlySpan<byte> Bytes(DuckString* self) => new(length <= 12 ? (byte*)self + 4 : pointer, (int)length);
    }
}
