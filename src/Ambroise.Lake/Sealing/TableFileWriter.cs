using System.Buffers;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Reading;
using Ambroise.Lake.Writing;
using ParquetSharp;
using ParquetSharp.IO;
using ParquetSharp.Schema;

namespace Ambroise.Lake.Sealing;

/// <summary>Writes rows as one Parquet file, sealed with Parquet Modular Encryption when keys are given, in the clear for an export.</summary>
/// <remarks>Row groups hold <see cref="IShardTable.BlockRows"/> rows. A column without a null in the file is <c>required</c>: it has no definition levels to decode.</remarks>
sealed class TableFileWriter : IDisposable
{
    /// <param name="Table">Seals the footer and every column that is not free text.</param>
    /// <param name="Text">Seals free text.</param>
    public sealed record Keys(DataKey Table, DataKey? Text);

    /// <summary>Texts whose memory is fetched before they are looked at.</summary>
    const int Lookahead = 16;

    readonly CdmTable table;
    readonly IReadOnlyList<int> columns;
    readonly ShardFacts? facts;
    readonly XxHash128? hash;
    readonly Buffers buffers;
    readonly ManagedOutputStream output;
    readonly WriterProperties properties;
    readonly GroupNode schema;
    readonly ParquetFileWriter writer;

    /// <param name="columns">Ordinals of the table's columns to write, at least one.</param>
    /// <param name="facts">What all the rows have in common; null where it is not known, and every column is optional.</param>
    /// <param name="hash">Takes the values as written, the same for the same rows whatever keys seal them.</param>
    /// <param name="shelf">Lends the memory in which values are gathered.</param>
    public TableFileWriter(Stream to, CdmTable table, IReadOnlyList<int> columns, ShardFacts? facts, Keys? keys, IReadOnlyDictionary<string, string>? metadata, XxHash128? hash, ArrayShelf shelf)
    {
        (this.table, this.columns, this.facts, this.hash, buffers) = (table, columns, facts, hash, new(shelf));
        properties = Properties(table, columns, keys);
        schema = Schema(table, columns, [.. columns.Select(IsOptional)]);
        output = new ManagedOutputStream(to, leaveOpen: true);
        writer = new ParquetFileWriter(output, schema, properties, metadata);
    }

    /// <summary>An unsealed file of every column: for an export.</summary>
    public TableFileWriter(Stream to, CdmTable table) : this(to, table, [.. table.Columns.Select(c => c.Ordinal)], null, null, null, null, new(long.MaxValue)) { }

    bool IsOptional(int column) => facts?.HasNull[column] ?? true;

    /// <summary>Appends the rows named by <paramref name="order"/>, in row groups of their own.</summary>
    public void Append(Pieces rows, ReadOnlySpan<int> order)
    {
        for (var start = 0; start < order.Length; start += IShardTable.BlockRows)
        {
            var block = order.Slice(start, Math.Min(IShardTable.BlockRows, order.Length - start));
            using var group = writer.AppendRowGroup();
            foreach (var column in columns)
            {
                using var to = group.NextColumn();
                if (facts?.IsEmpty[column] == true) WriteAbsent(to, block.Length, buffers, hash);
                else WriteColumn(to, rows, column, table.Columns[column].Type, block, IsOptional(column), buffers, hash);
            }
        }
    }

    /// <summary>Ends the file: without this it is none.</summary>
    public void Finish() => writer.Close();

    public void Dispose()
    {
        writer.Dispose();
        buffers.Dispose();
        output.Dispose();
        schema.Dispose();
        properties.Dispose();
    }

    /// <summary>A block without a value: nothing to gather, only that nothing is there.</summary>
    static void WriteAbsent(ColumnWriter column, int count, Buffers buffers, XxHash128? hash)
    {
        hash?.Append([0]);
        var levels = buffers.Levels.AsSpan(0, count);
        levels.Clear();
        switch (column)
        {
            case ColumnWriter<int> c: c.WriteBatch(count, levels, default, default); break;
            case ColumnWriter<long> c: c.WriteBatch(count, levels, default, default); break;
            case ColumnWriter<double> c: c.WriteBatch(count, levels, default, default); break;
            case ColumnWriter<ByteArray> c: c.WriteBatch(count, levels, default, default); break;
        }
    }

    static WriterProperties Properties(CdmTable table, IReadOnlyList<int> columns, Keys? keys)
    {
        using var builder = new WriterPropertiesBuilder();
        builder.CreatedBy("ambroise").MemoryPool(ParquetMemory.Pool).DataPagesize(1 << 20).DictionaryPagesizeLimit(1 << 20);
        builder.DisableStatistics();
        foreach (var ordinal in columns)
        {
            var column = table.Columns[ordinal];
            if (column.Type is ColumnType.Int64 or ColumnType.Date)
                builder.DisableDictionary(column.Name).Encoding(column.Name, Encoding.DeltaBinaryPacked);
            else if (table == Cdm54.SourceRecord && column.Name == "record_name") builder.DisableDictionary(column.Name); // no two are the same
            // Every question reads three of these. Their encodings leave little to compress (1 % of the file), and to unpack that little took half the time of reading them. Of keys they leave nothing.
            var searched = ordinal == table.Concept || ordinal == table.Start || ordinal == table.Person;
            if (searched || table == Cdm54.RecordKeys && ordinal == table.Key) builder.EnableStatistics(column.Name);
            if ((searched || ordinal == table.Key) && keys is not null) builder.Compression(column.Name, Compression.Uncompressed);
            else builder.Compression(column.Name, Compression.Zstd).CompressionLevel(column.Name, 1);
        }
        if (keys is not null) builder.Encryption(Encryption(table, columns, keys));
        return builder.Build();
    }

    static FileEncryptionProperties Encryption(CdmTable table, IReadOnlyList<int> columns, Keys keys)
    {
        var (footer, footerMetadata) = FileKeys.Draw(keys.Table, isFooter: true);
        using var builder = new FileEncryptionPropertiesBuilder(footer);
        builder.FooterKeyMetadata(footerMetadata).Algorithm(ParquetCipher.AesGcmV1);
        if (columns.Any(c => table.Columns[c].Sensitivity == Sensitivity.FreeText) && keys.Text is { } text)
        {
            var (textKey, textMetadata) = FileKeys.Draw(text, isFooter: false);
            builder.EncryptedColumns([.. columns.Select(c =>
            {
                using var column = new ColumnEncryptionPropertiesBuilder(table.Columns[c].Name);
                return table.Columns[c].Sensitivity == Sensitivity.FreeText ? column.Key(textKey).KeyMetadata(textMetadata).Build() : column.Build();
            })]);
        }
        return builder.Build();
    }

    static GroupNode Schema(CdmTable table, IReadOnlyList<int> columns, bool[] optional) => new("schema", Repetition.Required,
        [.. columns.Select((ordinal, i) => (Node)Primitive(table.Columns[ordinal], optional[i] ? Repetition.Optional : Repetition.Required))]);

    static PrimitiveNode Primitive(CdmColumn column, Repetition repetition) => column.Type switch
    {
        ColumnType.Int32 => new(column.Name, repetition, LogicalType.Int(32, true), PhysicalType.Int32),
        ColumnType.Int64 => new(column.Name, repetition, LogicalType.Int(64, true), PhysicalType.Int64),
        ColumnType.Float64 => new(column.Name, repetition, LogicalType.None(), PhysicalType.Double),
        ColumnType.Date => new(column.Name, repetition, LogicalType.Date(), PhysicalType.Int32),
        ColumnType.Timestamp => new(column.Name, repetition, LogicalType.Timestamp(false, TimeUnit.Micros), PhysicalType.Int64),
        _ => new(column.Name, repetition, LogicalType.String(), PhysicalType.ByteArray),
    };

    static void WriteColumn(ColumnWriter column, Pieces rows, int ordinal, ColumnType type, ReadOnlySpan<int> block, bool optional, Buffers buffers, XxHash128? hash)
    {
        switch (type)
        {
            case ColumnType.Int32 or ColumnType.Date:
                WriteValues((ColumnWriter<int>)column, rows.Int32(ordinal), block, optional ? Null.Int32 : null, buffers.Int32, buffers.Levels, hash);
                break;
            case ColumnType.Int64 or ColumnType.Timestamp:
                WriteValues((ColumnWriter<long>)column, rows.Int64(ordinal), block, optional ? Null.Int64 : null, buffers.Int64, buffers.Levels, hash);
                break;
            case ColumnType.Float64:
                WriteValues((ColumnWriter<double>)column, rows.Float64(ordinal), block, optional ? double.NaN : null, buffers.Float64, buffers.Levels, hash);
                break;
            default:
                WriteText((ColumnWriter<ByteArray>)column, rows.Text(ordinal), block, optional, buffers, hash);
                break;
        }
    }

    static void WriteValues<T>(ColumnWriter<T> column, T[][] pieces, ReadOnlySpan<int> block, T? absent, T[] values, short[] levels, XxHash128? hash)
        where T : unmanaged, IEquatable<T>
    {
        for (var i = 0; i < block.Length; i++) values[i] = pieces[block[i] >> Pieces.PieceBits][block[i] & Pieces.PieceMask];
        hash?.Append(MemoryMarshal.AsBytes(values.AsSpan(0, block.Length)));
        if (absent is not { } none)
        {
            column.WriteBatch(values.AsSpan(0, block.Length));
            return;
        }
        var kept = 0;
        for (var i = 0; i < block.Length; i++)
        {
            var present = !values[i].Equals(none); // NaN equals NaN here
            levels[i] = present ? (short)1 : (short)0;
            if (present) values[kept++] = values[i];
        }
        column.WriteBatch(block.Length, levels.AsSpan(0, block.Length), default, values.AsSpan(0, kept));
    }

    static unsafe void WriteText(ColumnWriter<ByteArray> column, TextColumn[] pieces, ReadOnlySpan<int> block, bool optional, Buffers buffers, XxHash128? hash)
    {
        var (pins, addresses) = (new GCHandle[pieces.Length], new nint[pieces.Length]);
        try
        {
            for (var p = 0; p < pieces.Length; p++)
            {
                pins[p] = GCHandle.Alloc(pieces[p].Arena, GCHandleType.Pinned);
                addresses[p] = pins[p].AddrOfPinnedObject();
            }
            var hashed = hash is null ? null : new HashedText(hash, buffers.Bytes);
            var ranges = buffers.Ranges.AsSpan(0, block.Length);
            for (var i = 0; i < block.Length; i++) ranges[i] = pieces[block[i] >> Pieces.PieceBits].RangeAt(block[i] & Pieces.PieceMask);
            var fetched = new Fetched();
            for (var first = 0; first < block.Length;)
            {
                // All rows at once, but where texts lie apart: of those some megabytes.
                var (kept, i) = (0, first);
                for (fetched.Clear(); i < block.Length; i++)
                {
                    // In stored order texts lie all over memory: those to come are asked for ahead of time.
                    if (i + Lookahead < block.Length && (int)ranges[i + Lookahead] > 0) Ahead.Fetch(ref pieces[block[i + Lookahead] >> Pieces.PieceBits].Arena[(int)(ranges[i + Lookahead] >> 32)]);
                    var piece = block[i] >> Pieces.PieceBits;
                    buffers.Levels[i - first] = ranges[i] < 0 ? (short)0 : (short)1;
                    if (ranges[i] < 0)
                    {
                        hashed?.Append(-1, default);
                        continue;
                    }
                    ByteArray text;
                    if (!TextColumn.IsApart(ranges[i])) text = new(addresses[piece] + (int)(ranges[i] >> 32), (int)ranges[i]);
                    else if (!fetched.TryFetch(pieces[piece], ranges[i], out text)) break;
                    hashed?.Append(text.Length, new((void*)text.Pointer, text.Length));
                    buffers.Text[kept++] = text;
                }
                if (optional) column.WriteBatch(i - first, buffers.Levels.AsSpan(0, i - first), default, buffers.Text[..kept]);
                else column.WriteBatch(buffers.Text[..kept]);
                first = i;
            }
            hashed?.Flush();
        }
        finally
        {
            foreach (var pin in pins)
                if (pin.IsAllocated) pin.Free();
        }
    }

    /// <summary>Gathers texts before they are hashed: each with its length before it, -1 for null.</summary>
    sealed class HashedText(XxHash128 hash, byte[] gathered)
    {
        int held;

        public void Append(int length, ReadOnlySpan<byte> text)
        {
            if (held + sizeof(int) > gathered.Length) Flush();
            MemoryMarshal.Write(gathered.AsSpan(held), in length);
            held += sizeof(int);
            if (length <= 0) return;
            if (length > gathered.Length)
            {
                Flush();
                hash.Append(text);
                return;
            }
            if (held + length > gathered.Length) Flush();
            text.CopyTo(gathered.AsSpan(held));
            held += length;
        }

        public void Flush()
        {
            hash.Append(gathered.AsSpan(0, held));
            held = 0;
        }
    }

    /// <summary>Texts that lay apart, some megabytes at once: one larger than that alone.</summary>
    sealed class Fetched
    {
        const int UsualBytes = 4 << 20;

        byte[] bytes = [];
        int used;

        public void Clear() => used = 0;

        /// <returns>False where there is no room beside those fetched before.</returns>
        public unsafe bool TryFetch(TextColumn from, long range, out ByteArray text)
        {
            var length = from.Length(range);
            text = default;
            if (length > bytes.Length - used)
            {
                if (used > 0) return false;
                bytes = GC.AllocateUninitializedArray<byte>(Math.Max(length, UsualBytes), pinned: true);
            }
            from.Fetch(range, bytes.AsSpan(used, length));
            text = new((nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref bytes[used]), length);
            used += length;
            return true;
        }
    }

    /// <summary>Room for one block's values of each type.</summary>
    sealed class Buffers(ArrayShelf shelf) : IDisposable
    {
        const int Rows = IShardTable.BlockRows;
        readonly short[] levels = shelf.Take<short>(Rows);
        int[] int32 = [];
        long[] int64 = [], text = [], ranges = [];
        double[] float64 = [];
        byte[] bytes = [];

        /// <summary>Enough to hash in long stretches.</summary>
        public byte[] Bytes => bytes.Length > 0 ? bytes : bytes = shelf.Take<byte>(1 << 16);
        public short[] Levels => levels;
        public int[] Int32 => int32.Length > 0 ? int32 : int32 = shelf.Take<int>(Rows);
        public long[] Int64 => int64.Length > 0 ? int64 : int64 = shelf.Take<long>(Rows);
        public double[] Float64 => float64.Length > 0 ? float64 : float64 = shelf.Take<double>(Rows);

        /// <summary>Where texts lie: see <see cref="TextColumn.RangeAt"/>.</summary>
        public long[] Ranges => ranges.Length > 0 ? ranges : ranges = shelf.Take<long>(Rows);

        /// <summary>A length and an address each.</summary>
        public Span<ByteArray> Text => MemoryMarshal.Cast<long, ByteArray>((text.Length > 0 ? text : text = shelf.Take<long>(2 * Rows)).AsSpan());

        public void Dispose()
        {
            shelf.Give(levels);
            if (int32.Length > 0) shelf.Give(int32);
            if (int64.Length > 0) shelf.Give(int64);
            if (float64.Length > 0) shelf.Give(float64);
            if (text.Length > 0) shelf.Give(text);
            if (ranges.Length > 0) shelf.Give(ranges);
            if (bytes.Length > 0) shelf.Give(bytes);
        }
    }
}
