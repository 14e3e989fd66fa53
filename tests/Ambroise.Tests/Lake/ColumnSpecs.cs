using Ambroise.Lake.Columns;

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
}
