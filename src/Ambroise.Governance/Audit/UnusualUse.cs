using Ambroise.Governance.Access;

namespace Ambroise.Governance.Audit;

/// <summary>What someone should look at in the log. None of it is wrong by itself.</summary>
public enum UnusualKind
{
    /// <summary>Refused five times or more in a day.</summary>
    Refusals,

    /// <summary>Patients' rows read, given out or named again between 20:00 and 06:00 UTC, or on a Saturday or Sunday.</summary>
    OffHours,

    /// <summary>Two hundred counts or more in a day, whoever may count: more than a person asks by hand.</summary>
    ManyCounts,

    /// <summary>Everything was given back in the clear, or patients were erased.</summary>
    Whole,

    /// <summary>One name was used from several accounts of the machine in a day.</summary>
    SharedName,
}

/// <param name="Day">In UTC.</param>
/// <param name="First">The first entry that shows it.</param>
public sealed record Unusual(DateOnly Day, string Actor, UnusualKind Kind, int Times, long First);

/// <summary>Reads a log for use that is out of the ordinary (CNIL EDS, SEC-JOU: traces are reviewed, with automatic detection).</summary>
public static class UnusualUse
{
    const int ManyRefusals = 5, ManyCounts = 200;

    static readonly HashSet<string> Counts = [Names.Of(Capability.CohortDisclosed), Names.Of(Capability.CohortExact)];

    static readonly HashSet<string> Rows = [Names.Of(Capability.CohortExact), Names.Of(Capability.DatasetOpen), Names.Of(Capability.LakeExport), Names.Of(Capability.QuarantineRead), Names.Of(Capability.Reidentify)];

    static readonly HashSet<string> Whole = [Names.Of(Capability.LakeExport), Names.Of(Capability.PatientErase)];

    /// <param name="entries">In any order.</param>
    /// <returns>By day, the newest first.</returns>
    public static IReadOnlyList<Unusual> In(IEnumerable<AuditEntry> entries) =>
    [
        .. entries.GroupBy(e => (Day: DateOnly.FromDateTime(e.At.UtcDateTime), e.Actor)).SelectMany(day => Kinds(day).Where(k => k.Of.Count > 0).Select(k => new Unusual(day.Key.Day, day.Key.Actor, k.Kind, k.Of.Count, k.Of.Min(e => e.Sequence))))
            .OrderByDescending(u => u.Day).ThenBy(u => u.Actor, StringComparer.Ordinal).ThenBy(u => u.Kind),
    ];

    static IEnumerable<(UnusualKind Kind, List<AuditEntry> Of)> Kinds(IEnumerable<AuditEntry> day)
    {
        var all = day.ToList();
        List<AuditEntry> When(Func<AuditEntry, bool> shows, int least = 1) => all.Where(shows).ToList() is { } found && found.Count >= least ? found : [];
        yield return (UnusualKind.Refusals, When(static e => e.Outcome == Outcome.Denied, ManyRefusals));
        yield return (UnusualKind.OffHours, When(static e => e.Outcome == Outcome.Allowed && Rows.Contains(e.Action) && (e.At.UtcDateTime.Hour is >= 20 or < 6 || e.At.UtcDateTime.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday)));
        yield return (UnusualKind.ManyCounts, When(static e => e.Outcome == Outcome.Done && Counts.Contains(e.Action), ManyCounts));
        yield return (UnusualKind.Whole, When(static e => e.Outcome == Outcome.Done && Whole.Contains(e.Action) && !(e.Detail?.Values.Contains("dry-run") ?? false)));
        yield return (UnusualKind.SharedName, all.Select(e => e.Account).Distinct().Skip(1).Any() ? all : []);
    }
}
