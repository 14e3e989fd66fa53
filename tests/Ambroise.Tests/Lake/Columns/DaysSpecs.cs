using Ambroise.Lake.Columns;

namespace Ambroise.Tests.Lake.Columns;

public sealed class DaysSpecs
{
    [Fact]
    public void The_year_of_every_day_is_the_calendars()
    {
        for (var date = DateOnly.MinValue; ; date = date.AddDays(1))
        {
            if (Days.Year(Days.Of(date)) != date.Year) Assert.Fail($"{date}: {Days.Year(Days.Of(date))}");
            if (date == DateOnly.MaxValue) return;
        }
    }
}
