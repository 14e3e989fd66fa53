using System.Text;
using Ambroise.Governance.Airlock;

namespace Ambroise.Tests.Governance.Airlock;

public sealed class DisclosureCheckSpecs
{
    static readonly HashSet<long> Pseudonyms = [4_611_686_018_427_387_904];

    [Theory]
    [InlineData("t.csv", "sex,patients\nF,120\nM,10\n", "")]
    [InlineData("t.csv", "sex,patients\nF,9\nM,\"3\"\n", "SmallCount:2x2")]
    [InlineData("t.txt", "9 patients", "")]
    [InlineData("t.csv", "a\n4611686018427387904\n", "Pseudonym:2x1")]
    [InlineData("t.md", "see patient 4611686018427387904.", "Pseudonym:1x1")]
    [InlineData("t.svg", "<text>4611686018427387904</text>", "Pseudonym:1x1 Unread:0x1")]
    [InlineData("t.md", "from 2021-03-04 on", "Day:1x1")]
    [InlineData("t.csv", "age,mean,Max\nall,61.4,98\n", "Extreme:1x1")]
    [InlineData("t.md", "Maximal and admin are words", "")]
    [InlineData("rows.parquet", "PAR1", "Format:0x1")]
    [InlineData("rows.csv", "a\0b", "Format:0x1")]
    [InlineData("none", "", "Format:0x1")]
    public void What_may_give_someone_away_is_found(string name, string content, string expected) =>
        Assert.Equal(expected, string.Join(' ', DisclosureCheck.Of(name, Encoding.UTF8.GetBytes(content), Pseudonyms, 10).Select(f => $"{f.Kind}:{f.Line}x{f.Times}")));

    [Fact]
    public void A_file_of_thousands_of_lines_is_found() =>
        Assert.Equal(FindingKind.Long, DisclosureCheck.Of("t.csv", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("x\n", 2000))), Pseudonyms, 10).Single().Kind);
}
