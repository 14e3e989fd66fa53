using System.IO.Compression;

namespace Ambroise.Sources.Csv;

/// <summary>A gzip file, of one member or several: what was read of it before an <see cref="InvalidDataException"/> is true where <see cref="IsCutShort"/> says so, and else may be anything.</summary>
/// <remarks><see cref="GZipStream"/> takes a file cut short for one that ends there. So a member of our own is put after the file's last byte: it is unpacked at the end only
/// where every member before it was whole. What comes once its bytes are being read is kept back until the end: of a file cut short they are unpacked as if they were the file's. Reading never writes to disk.</remarks>
sealed class GzipFile : ForwardStream
{
    static readonly byte[] Mark = [.. "\u0003ambroise end of file\u0004"u8];

    readonly Followed packed;
    readonly GZipStream unpacked;
    readonly byte[] last = new byte[Mark.Length + 1];
    bool ended;

    public GzipFile(Stream file)
    {
        packed = new(file);
        unpacked = new(packed, CompressionMode.Decompress);
    }

    /// <summary>The file ended early: all that was read of it is as it was written.</summary>
    public bool IsCutShort => packed.IsPast && !packed.IsEmpty;

    /// <exception cref="InvalidDataException">The file is not gzip, damaged, or ends early.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (ended || buffer.Length == 0) return 0;
        var read = unpacked.Read(buffer);
        if (read > 0 && !packed.IsPast) return read;
        var kept = Math.Min(read, last.Length);
        buffer[..kept].CopyTo(last);
        while (read > 0 && kept < last.Length && (read = unpacked.Read(last.AsSpan(kept))) > 0) kept += read;
        if (!last.AsSpan(0, kept).SequenceEqual(Mark)) throw new InvalidDataException();
        ended = true;
        return 0;
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

        /// <summary>Of the mark something was read.</summary>
        public bool IsPast { get; private set; }

        /// <summary>Nothing was before it.</summary>
        public bool IsEmpty { get; private set; } = true;

        static MemoryStream Pack()
        {
            var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Mark);
            packed.Position = 0;
            return packed;
        }

        public override int Read(Span<byte> buffer)
        {
            if (first.Read(buffer) is var read and > 0)
            {
                IsEmpty = false;
                return read;
            }
            IsPast = true;
            return then.Read(buffer);
        }

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
