using Ambroise.Lake.Columns;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Lake;

public sealed class ColumnSpecs
{
    /// <summary>Rows in another order may begin and end like rows that follow one another.</summary>
    [Fact]
    public void Rows_are_appended_in_the_order_asked()
    {
        var from = new Int32Column();
        foreach (var value in new[] { 10, 20, 30, 40 }) from.Append(value);
        var to = new Int32Column();
        to.AppendFrom(from, [0, 2, 1, 3]);
        Assert.Equal([10, 30, 20, 40], to.Values.ToArray());
    }

    /// <summary>Texts that come again share their place in memory: however they are appended, each row has its own.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Texts_are_what_was_appended(int seed)
    {
        var dice = new Dice((ulong)seed);
        var (column, other) = (new TextColumn(), new TextColumn());
        List<string?> texts = [], others = [];
        string? Some() => dice.Of(0, 5) switch { 0 => null, 1 => "", 2 => "used", 3 => "Observation", var n => $"{n}/{dice.Of(0, 3)}" };
        for (var step = 0; step < 400; step++)
        {
            for (int n = dice.Of(0, 6); n > 0; n--)
            {
                others.Add(Some());
                other.Append(others[^1]);
            }
            int from = dice.Of(0, others.Count), count = dice.Of(0, others.Count - from);
            int[] rows = [.. Enumerable.Range(0, count).Select(_ => dice.Of(0, others.Count - 1))];
            switch (dice.Of(0, 5))
            {
                case 0: column.AppendRange(other, from, count); texts.AddRange(others.Skip(from).Take(count)); break;
                case 1: column.AppendFrom(other, rows); texts.AddRange(rows.Select(r => others[r])); break;
                case 2: column.AppendFrom(other, [.. Enumerable.Range(from, count)]); texts.AddRange(others.Skip(from).Take(count)); break;
                case 3: column.AppendNulls(2); texts.AddRange([null, null]); break;
                case 4: texts.Add(Some()); column.Append(texts[^1]); break;
                default: if (dice.Of(0, 9) == 0) { other.Clear(); others.Clear(); } break;
            }
        }
        Assert.Equal(texts, Enumerable.Range(0, column.Count).Select(column.Text));
        Assert.Equal(others, Enumerable.Range(0, other.Count).Select(other.Text));
    }
}
