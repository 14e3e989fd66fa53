using System.IO.Compression;

namespace Ambroise.Sources.Csv;

/// <summary>A gzip file, of one member or several, that is read whole or not at all.</summary>
/// <remarks><see cref="GZipStream"/> takes a file cut short for one that ends there. So a member of our own is put after the file's last byte: it is unpacked at the end only
/// where every member before it was whole. Reading never writes to disk.</remarks>
sealed class GzipFile : ForwardStream
{
    static readonly byte[] Mark = [.. "\u0003ambroise end of file\u0004"u8];

    readonly Followed packed;
    readonly GZipStream unpacked;
    readonly byte[] window = new byte[1 << 17];
    int start, length;
    bool ended;

    public GzipFile(Stream file)
    {
        packed = new(file);
        unpacked = new(packed, CompressionMode.Decompress);
    }

    /// <exception cref="InvalidDataException">The file is not gzip, damaged, or ends early.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (!ended && length <= Mark.Length)
        {
            window.AsSpan(start, length).CopyTo(window);
            start = 0;
            var read = unpacked.Read(window, length, window.Length - length);
            length += read;
            ended = read == 0;
        }
        if (ended && !window.AsSpan(start, length).EndsWith(Mark)) throw new InvalidDataException();
        var given = Math.Min(buffer.Length, length - Mark.Length);
        window.AsSpan(start, given).CopyTo(buffer);
        start += given;
        length -= given;
        return given;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            unpacked.Dispose();
            packed.Dispose();
        }
        base.Dispose(disposing);
    }

    /// <summary>A stream, then the packed mark.</summary>
    sealed class Followed(Stream first) : ForwardStream
    {
        readonly MemoryStream then = Pack();

        static MemoryStream Pack()
        {
            var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Mark);
            packed.Position = 0;
            return packed;
        }

        public override int Read(Span<byte> buffer) => first.Read(buffer) is var read and > 0 ? read : then.Read(buffer);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                first.Dispose();
                then.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
