using Ambroise.Governance.Audit;

namespace Ambroise.Tests.Governance.Audit;

public sealed class UnusualUseSpecs
{
    // 2026-03-02 is a Monday.
    static AuditEntry Entry(string action, Outcome outcome = Outcome.Allowed, int hour = 10, int day = 2, string actor = "marie", string account = "root", long sequence = 0) =>
        new(sequence, new(2026, 3, day, hour, 59, 0, TimeSpan.Zero), actor, account, action, outcome, null, null, null, null);

    static string In(params IEnumerable<AuditEntry> entries) => string.Join(' ', UnusualUse.In(entries).Select(u => $"{u.Actor}:{u.Kind}x{u.Times}"));

    static IEnumerable<AuditEntry> Times(int n, AuditEntry entry) => Enumerable.Range(0, n).Select(i => entry with { Sequence = i });

    [Fact]
    public void An_ordinary_day_shows_nothing() =>
        Assert.Equal("", In([.. Times(4, Entry("dataset.open", Outcome.Denied)), .. Times(199, Entry("cohort.disclosed", Outcome.Done)), Entry("dataset.open"), Entry("dataset.open", hour: 6), Entry("dataset.open", hour: 19), Entry("audit.read", hour: 23),
            Entry("patient.erase", Outcome.Done) with { Detail = new Dictionary<string, string> { ["step"] = "dry-run" } }]));

    [Fact]
    public void Refusals_nights_weekends_many_counts_whole_exports_and_shared_names_show()
    {
        Assert.Equal("marie:Refusalsx5", In(Times(5, Entry("dataset.open", Outcome.Denied))));
        Assert.Equal("marie:OffHoursx1", In(Entry("dataset.open", hour: 20)));
        Assert.Equal("marie:OffHoursx1", In(Entry("reidentify", hour: 5)));
        Assert.Equal("marie:OffHoursx1", In(Entry("lake.export", day: 7)));
        Assert.Equal("marie:ManyCountsx200", In(Times(200, Entry("cohort.disclosed", Outcome.Done))));
        Assert.Equal("marie:Wholex1", In(Entry("lake.export", Outcome.Done)));
        Assert.Equal("marie:SharedNamex2", In(Entry("audit.read"), Entry("audit.read", account: "paul")));
    }

    [Fact]
    public void Each_person_and_day_is_looked_at_alone_and_the_first_entry_is_named()
    {
        Assert.Equal("", In([.. Times(3, Entry("x", Outcome.Denied)), .. Times(3, Entry("x", Outcome.Denied, actor: "paul")), .. Times(3, Entry("x", Outcome.Denied, day: 3))]));
        Assert.Equal(7, UnusualUse.In(Times(5, Entry("x", Outcome.Denied)).Select(e => e with { Sequence = e.Sequence + 7 })).Single().First);
    }
}
