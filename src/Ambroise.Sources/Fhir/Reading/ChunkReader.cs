using Ambroise.Lake.Quarantine;
using Ambroise.Sources.Csv;

namespace Ambroise.Sources.Fhir.Reading;

/// <summary>Cuts a file into chunks of whole lines. A line too long is left out and said; a file that ends in the middle gives what came before.</summary>
static class ChunkReader
{
    /// <summary>Looked at to tell whether a .json file is one document.</summary>
    const int FirstBytes = 2 << 20;

    /// <summary>The longest line that is read, without what ends it.</summary>
    public const int MaxLineBytes = 64 << 20;

    /// <summary>What ends a line, at most.</summary>
    const int LineEndBytes = 2;

    /// <summary>The largest file that is one document.</summary>
    public const int MaxDocumentBytes = 512 << 20;

    /// <exception cref="DamagedFileException">The file's checksum or its packing is wrong, which shows when it was read in part: nothing of it can be trusted.</exception>
    public static IEnumerable<InputChunk> Read(FhirFile file, InputBuffers buffers, Action<Rejected> reject, CancellationToken cancel)
    {
        if (file.IsDamaged)
        {
            reject(new("file", file.Name, 1, null, "file-damaged", null, default));
            yield break;
        }
        Stream? stream = null;
        try
        {
            stream = file.IsNoFile ? null : file.Opens?.Invoke() ?? new FileStream(file.Path, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
            if (stream is not null && file.Opens is null && file.Path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) stream = new GzipFile(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            stream?.Dispose();
            stream = null;
        }
        if (stream is null)
        {
            reject(new("file", file.Name, 1, null, "file-unreadable", null, default));
            yield break;
        }
        using (stream)
            foreach (var chunk in Cut(file, stream, buffers, reject, cancel)) yield return chunk;
    }

    static IEnumerable<InputChunk> Cut(FhirFile file, Stream stream, InputBuffers buffers, Action<Rejected> reject, CancellationToken cancel)
    {
        var isJson = IsJson(file);
        var buffer = buffers.Take(isJson ? FirstBytes : InputBuffers.ChunkBytes);
        int have = 0;
        long line = 1;
        bool first = true, document = false, skipping = false;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var most = document ? MaxDocumentBytes : MaxLineBytes + LineEndBytes;
            var (filled, ended, broken) = Fill(stream, buffer.AsSpan(0, Math.Min(buffer.Length, most)), have);
            have = filled;
            if (first && have > 0)
            {
                if (buffer.AsSpan(0, have).StartsWith<byte>([0x1f, 0x8b])) // text never begins so (RFC 1952, 2.3.1)
                {
                    reject(new("file", file.Name, 1, null, "file-packed", null, default));
                    break;
                }
                if (buffer.AsSpan(0, have).StartsWith("\uFEFF"u8))
                {
                    buffer.AsSpan(3, have - 3).CopyTo(buffer);
                    have -= 3;
                }
                document = isJson && IsDocument(buffer.AsSpan(0, have));
                first = false;
            }
            if (broken)
            {
                if (stream is GzipFile { IsCutShort: false }) throw new DamagedFileException(file);
                // A line or document cut short says nothing: only whole lines before the damage are used.
                have = document ? 0 : buffer.AsSpan(0, have).LastIndexOf((byte)'\n') + 1;
                reject(new("file", file.Name, line + buffer.AsSpan(0, have).Count((byte)'\n'), null, "file-truncated", null, default));
                ended = true;
            }
            if (skipping)
            {
                var end = buffer.AsSpan(0, have).IndexOf((byte)'\n');
                if (end < 0)
                {
                    have = 0;
                    if (ended) break;
                    continue;
                }
                skipping = false;
                line++;
                buffer.AsSpan(end + 1, have - end - 1).CopyTo(buffer);
                have -= end + 1;
                if (!ended && have < buffer.Length / 2) continue;
            }
            if (ended)
            {
                // Whoever stopped within a line left no resource there.
                if (!document && !broken && have > 0 && buffer[have - 1] != '\n' && buffer.AsSpan(0, have).TrimEnd(" \t\r"u8) is not [.., (byte)'}'])
                {
                    have = buffer.AsSpan(0, have).LastIndexOf((byte)'\n') + 1;
                    reject(new("file", file.Name, line + buffer.AsSpan(0, have).Count((byte)'\n'), null, "file-truncated", null, default));
                }
                if (have > 0)
                {
                    yield return new(file, buffers, buffer, have, document ? default : LineEnds.Of(buffer.AsSpan(0, have)), line);
                    yield break;
                }
                break;
            }
            var whole = document ? 0 : buffer.AsSpan(0, have).LastIndexOf((byte)'\n') + 1;
            if (whole == 0)
            {
                if (have < Math.Min(buffer.Length, most)) continue;
                if (have == most)
                {
                    reject(new("unknown", file.Name, line, null, document ? "document-too-large" : "line-too-long", null, default));
                    if (document) break;
                    skipping = true;
                    have = 0;
                    continue;
                }
                var larger = buffers.Take(2 * buffer.Length);
                buffer.AsSpan(0, have).CopyTo(larger);
                buffers.Give(buffer);
                buffer = larger;
                continue;
            }
            var next = buffers.Take(have - whole);
            buffer.AsSpan(whole, have - whole).CopyTo(next);
            var ends = LineEnds.Of(buffer.AsSpan(0, whole));
            var lines = ends.Count;
            yield return new(file, buffers, buffer, whole, ends, line);
            line += lines;
            (buffer, have) = (next, have - whole);
        }
        buffers.Give(buffer);
    }

    static (int Have, bool Ended, bool Broken) Fill(Stream stream, Span<byte> buffer, int have)
    {
        try
        {
            while (have < buffer.Length)
            {
                var read = stream.Read(buffer[have..]);
                if (read == 0) return (have, true, false);
                have += read;
            }
            return (have, false, false);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            return (have, true, true);
        }
    }

    static bool IsJson(FhirFile file) => (file.Name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? file.Name[..^3] : file.Name).EndsWith(".json", StringComparison.OrdinalIgnoreCase);

    /// <summary>A file named .json is one document where its first line is no whole object.</summary>
    static bool IsDocument(ReadOnlySpan<byte> start)
    {
        start = start.TrimStart(" \t\r\n"u8);
        var end = start.IndexOf((byte)'\n');
        // No line's end so far: one document in one line, or a line so long that it must be one.
        if (end < 0) return true;
        // A first line that is damaged makes no document of those after it.
        return !start[..end].TrimEnd(" \t\r"u8).EndsWith("}"u8) && !start[end..].TrimStart(" \t\r\n"u8).StartsWith("{\"resourceType\""u8);
    }
}
