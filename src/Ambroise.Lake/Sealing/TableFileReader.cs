using System.Security.Cryptography;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using ParquetSharp;
using Column = Ambroise.Lake.Columns.Column;

namespace Ambroise.Lake.Sealing;

/// <summary>Reads one sealed table file, block by block and column by column. Not safe for several threads at once.</summary>
/// <remarks>Every page is authenticated as it is decrypted (AES-GCM). The footer is compared with its hash in the manifest, which binds this very file to its place.</remarks>
sealed class TableFileReader : IDisposable
{
    /// <summary>Of a column's block so much is read at once.</summary>
    const long WholeBytes = 16 << 20;

    readonly ParquetFileReader file;
    readonly ReaderProperties properties;
    readonly FileKeys.Retriever keys;
    readonly string path, name;
    ParquetFileReader? inPages;
    ReaderProperties? pageProperties;
    readonly Dictionary<string, int> columns = [];

    // Room for a block, used for one column after another: what is copied out of it is all that a merge keeps.
    int[] int32 = [];
    long[] int64 = [];
    double[] float64 = [];
    short[] levels = [];

    TableFileReader(string path, FileKeys.Retriever keys)
    {
        (this.keys, this.path, name) = (keys, path, Path.GetFileName(path));
        properties = Properties();
        try
        {
            file = Guard(() => new ParquetFileReader(path, properties));
        }
        catch
        {
            properties.Dispose();
            throw;
        }
        var schema = file.FileMetaData.Schema;
        for (var i = 0; i < file.FileMetaData.NumColumns; i++) columns[schema.Column(i).Name] = i;
        Rows = checked((int)file.FileMetaData.NumRows);
        Blocks = file.FileMetaData.NumRowGroups;
    }

    /// <summary>Opens a file of a release.</summary>
    /// <param name="footerSha256">From the manifest, lower-case hexadecimal.</param>
    /// <exception cref="FailureException"><c>lake.file-missing</c>, <c>lake.file-changed</c>, <c>lake.file-key</c>.</exception>
    public static TableFileReader Open(string path, string footerSha256, Func<string, ReadOnlyMemory<byte>?> dataKey)
    {
        if (FooterSha256(path) != footerSha256)
            throw new Failure(FailureKind.Tampered, "lake.file-changed", $"{Path.GetFileName(path)} is not the file its release recorded.").AsException();
        return new(path, new FileKeys.Retriever(dataKey));
    }

    public string Name => name;
    public int Rows { get; }
    public int Blocks { get; }
    public IReadOnlyDictionary<string, string> Metadata => file.FileMetaData.KeyValueMetadata;

    public bool Has(CdmColumn column) => columns.ContainsKey(column.Name);

    public int BlockRows(int block) => Guard(() =>
    {
        using var group = file.RowGroup(block);
        return checked((int)group.MetaData.NumRows);
    });

    public int[] Int32(CdmColumn column, int block) => All(column, block, Null.Int32);
    public long[] Int64(CdmColumn column, int block) => All(column, block, Null.Int64);
    public double[] Float64(CdmColumn column, int block) => All(column, block, Null.Float64);

    /// <summary>Reads a block of a column into an array lent for it, which may be longer.</summary>
    /// <returns>The rows read.</returns>
    public int Int64(CdmColumn column, int block, long[] into) => Values(column, block, Null.Int64, _ => into).Rows;

    T[] All<T>(CdmColumn column, int block, T absent) where T : unmanaged
    {
        T[] values = [];
        Values(column, block, absent, rows => values = GC.AllocateUninitializedArray<T>(rows));
        return values;
    }

    /// <returns>The least and the greatest value of a block, or null where the file does not say.</returns>
    public (long Least, long Greatest)? Range(CdmColumn column, int block) => Guard<(long, long)?>(() =>
    {
        using var group = file.RowGroup(block);
        using var of = group.MetaData.GetColumnChunkMetaData(columns[column.Name]);
        using var statistics = of.Statistics;
        return statistics is Statistics<long> { HasMinMax: true } known ? (known.Min, known.Max) : null;
    });

    /// <summary>Appends a block's values to a column of the same type.</summary>
    /// <param name="rows">Those of these rows alone, ascending; null for all.</param>
    public void AppendTo(Column to, CdmColumn column, int block, int[]? rows = null)
    {
        switch (to)
        {
            case Int32Column c: Copy(Values(column, block, Null.Int32, n => Room(ref int32, n)), int32, rows, c, c.AppendSpan); break;
            case Int64Column c: Copy(Values(column, block, Null.Int64, n => Room(ref int64, n)), int64, rows, c, c.AppendSpan); break;
            case Float64Column c: Copy(Values(column, block, Null.Float64, n => Room(ref float64, n)), float64, rows, c, c.AppendSpan); break;
            case TextColumn c: AppendText(c, column, block, rows); break;
        }
    }

    static T[] Room<T>(ref T[] array, int least) => array.Length >= least ? array : array = GC.AllocateUninitializedArray<T>(least);

    delegate Span<T> Append<T>(int count);

    /// <summary>A column without a value stays so: it takes neither memory nor time.</summary>
    static void Copy<T>((int Rows, int Present) read, T[] values, int[]? some, Column column, Append<T> append)
    {
        if (read.Present == 0) column.AppendNulls(some?.Length ?? read.Rows);
        else if (some is null) values.AsSpan(0, read.Rows).CopyTo(append(read.Rows));
        else
        {
            var to = append(some.Length);
            for (var i = 0; i < some.Length; i++) to[i] = values[some[i]];
        }
    }

    /// <summary>Appends a block's text.</summary>
    /// <param name="some">That of these rows alone, ascending; null for all.</param>
    public void AppendText(TextColumn to, CdmColumn column, int block, int[]? some = null) => Guard(() =>
    {
        using var group = For(column, block).RowGroup(block);
        using var reader = (ColumnReader<ByteArray>)group.Column(columns[column.Name]);
        var rows = checked((int)group.MetaData.NumRows);
        const int batch = 1024; // the native reader keeps what it gave until it is asked again
        var values = new ByteArray[batch];
        var levels = new short[batch];
        var optional = reader.ColumnDescriptor.MaxDefinitionLevel > 0;
        for (int done = 0, asked = 0; done < rows;)
        {
            var read = checked((int)reader.ReadBatch(Math.Min(batch, rows - done), levels, default, values, out var present));
            if (read == 0) throw new InvalidDataException();
            if (some is null)
            {
                var next = 0;
                for (var i = 0; i < read; i++)
                    if (optional && levels[i] == 0) to.AppendNull();
                    else to.Append(Text(values[next++]));
                if (next != present) throw new InvalidDataException();
            }
            else
                // Of values packed at the front each is as far as there are values before its row; rows nobody asked for are counted many at once.
                for (int row = 0, next = 0; asked < some.Length && some[asked] - done is var at && at < read; asked++, row = at)
                {
                    next = present == read ? at : next + Values(levels.AsSpan(row..at));
                    if (optional && levels[at] == 0) to.AppendNull();
                    else to.Append(Text(values[next < present ? next : throw new InvalidDataException()]));
                }
            done += read;
        }
        return 0;
    });

    /// <summary>A column's block is read whole before its pages are decoded: of one that is large, the pages one by one.</summary>
    ParquetFileReader For(CdmColumn column, int block)
    {
        using var group = file.RowGroup(block);
        using var of = group.MetaData.GetColumnChunkMetaData(columns[column.Name]);
        if (of.TotalCompressedSize <= WholeBytes) return file;
        if (inPages is not null) return inPages;
        pageProperties = Properties();
        pageProperties.EnableBufferedStream();
        pageProperties.BufferSize = 1 << 20;
        return inPages = new ParquetFileReader(path, pageProperties);
    }

    ReaderProperties Properties()
    {
        var properties = ReaderProperties.WithMemoryPool(ParquetMemory.Pool);
        using var builder = new FileDecryptionPropertiesBuilder();
        properties.FileDecryptionProperties = builder.KeyRetriever(keys).Build();
        return properties;
    }

    static unsafe ReadOnlySpan<byte> Text(ByteArray value) => new((void*)value.Pointer, value.Length);

    /// <returns>How many rows have a value.</returns>
    static int Values(ReadOnlySpan<short> levels) => levels.Count((short)1);

    /// <returns>The rows of the block, and how many of them have a value.</returns>
    (int Rows, int Present) Values<T>(CdmColumn column, int block, T absent, Func<int, T[]> room) where T : unmanaged => Guard(() =>
    {
        using var group = file.RowGroup(block);
        using var reader = (ColumnReader<T>)group.Column(columns[column.Name]);
        var rows = checked((int)group.MetaData.NumRows);
        var values = room(rows);
        var optional = reader.ColumnDescriptor.MaxDefinitionLevel > 0;
        var levels = optional ? Room(ref this.levels, rows) : [];
        int done = 0, kept = 0;
        while (done < rows)
        {
            var read = checked((int)reader.ReadBatch(rows - done, optional ? levels.AsSpan(done, rows - done) : default, default, values.AsSpan(kept, rows - kept), out var present));
            if (read == 0) throw new InvalidDataException();
            done += read;
            kept += checked((int)present);
        }
        if (optional) Spread(values.AsSpan(0, rows), levels, kept, absent);
        else if (kept != rows) throw new InvalidDataException();
        return (rows, kept);
    });

    /// <summary>Moves the values that are present, packed at the front, to their rows.</summary>
    static void Spread<T>(Span<T> values, short[] levels, int kept, T absent)
    {
        if (kept == 0)
        {
            values.Fill(absent);
            return;
        }
        for (int row = values.Length - 1, from = kept - 1; row >= 0 && from < row; row--)
            values[row] = levels[row] != 0 ? values[from--] : absent;
    }

    /// <summary>Turns what the native reader throws on a damaged page into a failure that names the file and holds no content.</summary>
    T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is ParquetException or InvalidDataException or OverflowException or KeyNotFoundException or FailureException or InvalidCastException)
        {
            throw (keys.Failure ?? new(FailureKind.Tampered, "lake.file-damaged", $"{name} cannot be decrypted and decoded.")).AsException();
        }
    }

    /// <returns>SHA-256 of the file's footer (the encrypted metadata, its length and the magic), lower-case hexadecimal.</returns>
    /// <exception cref="FailureException"><c>lake.file-missing</c>, <c>lake.file-changed</c>.</exception>
    public static string FooterSha256(string path)
    {
        try
        {
            using var stream = File.OpenHandle(path);
            var length = RandomAccess.GetLength(stream);
            var tail = new byte[8];
            if (length < 12) throw Changed(path);
            RandomAccess.Read(stream, tail, length - 8);
            var footer = BitConverter.ToUInt32(tail);
            if (footer > length - 12) throw Changed(path);
            var bytes = new byte[footer + 8];
            RandomAccess.Read(stream, bytes, length - bytes.Length);
            return Convert.ToHexStringLower(SHA256.HashData(bytes));
        }
        catch (IOException e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new Failure(FailureKind.Tampered, "lake.file-missing", $"{Path.GetFileName(path)} is gone from the release.").AsException();
        }
    }

    static FailureException Changed(string path) =>
        new Failure(FailureKind.Tampered, "lake.file-changed", $"{Path.GetFileName(path)} is not the file its release recorded.").AsException();

    public void Dispose()
    {
        file.Dispose();
        properties.Dispose();
        inPages?.Dispose();
        pageProperties?.Dispose();
    }
}
