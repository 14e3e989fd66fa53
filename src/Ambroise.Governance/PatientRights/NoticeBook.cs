using System.Collections.Immutable;
using Ambroise.Governance.Control;
using Ambroise.Governance.Oppositions;

namespace Ambroise.Governance.PatientRights;

/// <summary>Patients who were informed at once, in one way.</summary>
/// <param name="Number">1 or more, without a gap in a tenant.</param>
/// <param name="Version">Of the notice they were given.</param>
/// <param name="Persons">person_id.</param>
public sealed record NoticeEntry(long Number, string Version, Channel Channel, DateOnly On, ImmutableArray<long> Persons, string By, DateTimeOffset At);

/// <summary>Which patients were told that their data is in the warehouse: when, how and with which version of the notice (CNIL, délibération 2021-118, 8.1-2).</summary>
public sealed class NoticeBook : SealedBook<NoticeEntry>
{
    internal NoticeBook(BookPlace place) : base(place, "notices")
    {
    }

    /// <returns>The entry, or <c>notice.invalid</c>.</returns>
    public Result<NoticeEntry> Give(IEnumerable<long> persons, string version, Channel channel, DateOnly on, string by)
    {
        ImmutableArray<long> informed = [.. persons.Distinct().Order()];
        return informed.IsEmpty || version.Trim().Length is 0 or > 100 || on > Today.AddDays(1)
            ? new Failure(FailureKind.Invalid, "notice.invalid", "A notice has a version, a day that is not to come, and patients it was given to.")
            : Write(all => new NoticeEntry(all.Count + 1, version.Trim(), channel, on, informed, by, Clock.GetUtcNow()));
    }

    /// <returns>What one patient was given, oldest first.</returns>
    public IReadOnlyList<NoticeEntry> To(long person) => [.. Entries.Where(e => e.Persons.Contains(person))];

    /// <param name="version">Null for any.</param>
    /// <returns>Everyone who was informed.</returns>
    public IReadOnlySet<long> Informed(string? version = null) => Entries.Where(e => version is null || e.Version == version).SelectMany(e => e.Persons).ToHashSet();
}
