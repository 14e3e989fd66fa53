using Ambroise.Lake.Columns;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Synth;

namespace Ambroise.Tests.Lake.Writing;

public class NarrowNumbersSpecs
{
    [Theory]
    [InlineData("", 17)]
    [InlineData("7 7 7 7", 17)]
    [InlineData("7 - 7 7", 21)]
    [InlineData("- -", 19)]
    [InlineData("-3 251", 19)]
    [InlineData("-3 252", 21)]
    [InlineData("0 65534", 21)]
    [InlineData("0 65535", 25)]
    [InlineData("0 4294967294", 25)]
    [InlineData("0 4294967295", 33)]
    [InlineData("9223372036854775807 -9223372036854775807 0 -", 49)]
    [InlineData("86400000000 172800000000 - 8640000000000", 21)]
    [InlineData("1000000 172800000000 8640000000000", 29)]
    [InlineData("1000001 172800000000 8640000000000", 41)]
    public void Numbers_take_the_bytes_their_range_needs_and_come_back(string written, int bytes)
    {
        long[] values = [.. written.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(w => w == "-" ? Null.Int64 : long.Parse(w, System.Globalization.CultureInfo.InvariantCulture))];
        var narrow = new byte[NarrowNumbers.Most(values.Length)];
        Assert.Equal(bytes, NarrowNumbers.Write(values, narrow));
        var back = new long[values.Length];
        Assert.Equal(bytes, NarrowNumbers.Read(narrow, back));
        Assert.Equal(values, back);
    }

    [Fact]
    public void Any_numbers_come_back()
    {
        var random = new Chance(11);
        for (var round = 0; round < 2_000; round++)
        {
            var (count, bits, from) = (random.Below(40), random.Below(64), (long)random.Next());
            var step = random.Below(3) switch { 0 => 1L, 1 => 1_000_000, _ => 86_400_000_000 };
            long[] values = [.. Enumerable.Range(0, count).Select(_ => random.Below(9) == 0 ? Null.Int64 : unchecked(from + ((long)random.Next() >>> bits) * step))];
            var narrow = new byte[NarrowNumbers.Most(count)];
            var back = new long[count];
            Assert.Equal(NarrowNumbers.Write(values, narrow), NarrowNumbers.Read(narrow, back));
            Assert.Equal(values, back);
        }
    }
}
