using System.Collections.Concurrent;
using Ambroise.Lake.Cdm;

namespace Ambroise.Sources.Csv;

/// <summary>A delimited text file, plain or gzip, read block by block: one thread cuts it at record ends, others turn the blocks into rows, which come out in the file's order.</summary>
/// <remarks>DuckDB's reader gave 1.1 M condition rows a second on one core and no line number after a malformed line or a value of several lines: docs/adr/csv-reader.md.</remarks>
sealed class CsvFile : IDisposable
{
    const int BlockBytes = 2 << 20, MaxRecordBytes = 32 << 20;

    readonly Stream stream;
    byte[] carried = [];
    int carriedLength;
    long line = 1;
    bool ended, skipping;

    /// <exception cref="SourceException">The file cannot be opened, or its first line is no header.</exception>
    public CsvFile(string path)
    {
        stream = Open(path);
        try
        {
            carried = new byte[BlockBytes];
            carriedLength = Fill(carried, 0);
            Header = CsvHeader.Read(carried.AsSpan(0, carriedLength)) ?? throw new SourceException();
            carriedLength -= Header.Length;
            carried.AsSpan(Header.Length, carriedLength).CopyTo(carried);
            line = 2;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public CsvHeader Header { get; }

    /// <param name="columns">The CDM column of each field of the file, null where the CDM has none.</param>
    /// <param name="threads">Blocks turned into rows at once; with 1, all is done on the caller's thread.</param>
    /// <exception cref="SourceException">Reading or unpacking failed midway.</exception>
    public IEnumerable<CsvBlock> Blocks(CdmTable table, CdmColumn?[] columns, int threads, CancellationToken cancel)
    {
        if (threads > 1) return Parallel(table, columns, threads, cancel);
        return OneByOne(table, columns);
    }

    IEnumerable<CsvBlock> OneByOne(CdmTable table, CdmColumn?[] columns)
    {
        for (var block = new CsvBlock(table); Cut(block);)
        {
            block.Parse(Header, columns);
            yield return block;
        }
    }

    IEnumerable<CsvBlock> Parallel(CdmTable table, CdmColumn?[] columns, int threads, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var free = new BlockingCollection<CsvBlock>();
        using var queue = new BlockingCollection<Task<CsvBlock>>();
        for (var i = 0; i < threads + 1; i++) free.Add(new(table), cancel);
        var cutter = Task.Run(() =>
        {
            try
            {
                while (true)
                {
                    var block = free.Take(stop.Token);
                    if (!Cut(block)) break;
                    queue.Add(Task.Run(() =>
                    {
                        block.Parse(Header, columns);
                        return block;
                    }), stop.Token);
                }
            }
            finally
            {
                queue.CompleteAdding();
            }
        }, CancellationToken.None);
        try
        {
            foreach (var parsed in queue.GetConsumingEnumerable(cancel))
            {
                var block = parsed.GetAwaiter().GetResult();
                yield return block;
                free.Add(block, CancellationToken.None);
            }
            cutter.GetAwaiter().GetResult();
        }
        finally
        {
            stop.Cancel();
            ((IAsyncResult)cutter).AsyncWaitHandle.WaitOne();
            foreach (var left in queue) ((IAsyncResult)left).AsyncWaitHandle.WaitOne();
        }
    }

    /// <returns>False at the end of the file.</returns>
    bool Cut(CsvBlock block)
    {
        if (block.Text.Length < Math.Max(BlockBytes, carriedLength * 2)) block.Text = new byte[Math.Max(BlockBytes, carriedLength * 2)];
        carried.AsSpan(0, carriedLength).CopyTo(block.Text);
        var length = carriedLength;
        int whole;
        while (true)
        {
            if (!ended) length = Fill(block.Text, length);
            if (skipping) length = SkipLine(block.Text, length);
            whole = CsvCut.Whole(block.Text.AsSpan(0, length), Header, ended);
            if (whole > 0 || ended) break;
            if (length >= MaxRecordBytes)
            {
                // A quote that never closes, or a line without end: its first line goes alone, and is rejected where it is read.
                whole = block.Text.AsSpan(0, length).IndexOf((byte)'\n') + 1;
                skipping = whole == 0;
                if (skipping) whole = length;
                break;
            }
            var text = block.Text;
            if (length == text.Length) Array.Resize(ref text, text.Length * 2);
            block.Text = text;
        }
        if (carried.Length < length - whole) carried = new byte[length - whole];
        carriedLength = length - whole;
        block.Text.AsSpan(whole, carriedLength).CopyTo(carried);
        block.Length = whole;
        block.FirstLine = line;
        line += block.Text.AsSpan(0, whole).Count((byte)'\n');
        block.Cut = skipping;
        return whole > 0 || !ended;
    }

    /// <summary>Drops what is left of a line that was too long.</summary>
    int SkipLine(byte[] text, int length)
    {
        while (true)
        {
            var end = text.AsSpan(0, length).IndexOf((byte)'\n');
            if (end >= 0)
            {
                skipping = false;
                line++;
                text.AsSpan(end + 1, length - end - 1).CopyTo(text);
                return length - end - 1;
            }
            if (ended) return 0;
            length = Fill(text, 0);
        }
    }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    int Fill(byte[] buffer, int length)
    {
        try
        {
            while (length < buffer.Length)
            {
                var read = stream.Read(buffer, length, buffer.Length - length);
                if (read == 0)
                {
                    ended = true;
                    break;
                }
                length += read;
            }
            return length;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new SourceException();
        }
    }

    static Stream Open(string path)
    {
        try
        {
            var file = new FileStream(path, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
            return path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GzipFile(file) : file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException();
        }
    }

    public void Dispose() => stream.Dispose();
}
