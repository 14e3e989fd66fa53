using Ambroise.Sources.Fhir.Reading;
using CsCheck;

namespace Ambroise.Tests.Fhir;

/// <summary>The ends of lines, found 64 bytes at a time, against the plain way.</summary>
public sealed class LineEndsSpecs
{
    [Fact]
    public void Each_line_feed_is_found_wherever_it_stands() =>
        Gen.Select(Gen.OneOf<byte>(Gen.OneOf((byte)'\n', (byte)'\r', (byte)'}', (byte)0x8A), Gen.Byte).Array[0, 300], Gen.Int[0, 40]).Sample((bytes, length) =>
        {
            byte[] text = [.. Enumerable.Repeat((byte)'x', length), .. bytes];
            Assert.Equal(Enumerable.Range(0, text.Length).Where(i => text[i] == '\n'), LineEnds.Of(text));
        }, iter: 5_000, threads: 1);

    [Fact]
    public void A_chunk_of_line_feeds_alone_has_as_many_lines() => Assert.Equal(Enumerable.Range(0, 5_000), LineEnds.Of(Enumerable.Repeat((byte)'\n', 5_000).ToArray()));
}
