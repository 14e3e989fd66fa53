using System.Text;

namespace Ambroise.Governance.Datasets;

/// <summary>Takes the bytes of a CSV file and gives the first field of each line, header included, without keeping the file.</summary>
sealed class FirstFields(Action<string> give) : Stream
{
    const int Longest = 64;
    readonly byte[] field = new byte[Longest];
    int length;
    bool passed;

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            if (b == '\n') (length, passed) = (0, false);
            else if (passed) continue;
            else if (b is (byte)',' or (byte)'\r')
            {
                give(Encoding.UTF8.GetString(field, 0, length));
                passed = true;
            }
            else if (length < Longest) field[length++] = b;
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    public override void Flush() { }
    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
