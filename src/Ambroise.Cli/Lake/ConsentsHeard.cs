using Ambroise.Cli.Frame;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Oppositions;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir;

namespace Ambroise.Cli.Lake;

/// <summary>What the Consents of a load say goes to the register of oppositions; and who turned out to be whom.</summary>
static class ConsentsHeard
{
    /// <returns>The new entries of the register; they are in the audit and in the load's report.</returns>
    /// <exception cref="FailureException"><c>opposition.tampered</c>, <c>audit.unavailable</c>: then the load ends and nothing of it is seen.</exception>
    public static IReadOnlyList<Opposition> Follow(Session session, OpenTenant tenant, FhirSource source)
    {
        var written = Follow(tenant.Ledger.Oppositions(tenant.Id, tenant.Keys), tenant.Lake(session.Clock), source, DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime), session.Caller.Actor);
        var withdrawn = written.Count(o => o.Withdraws);
        if (written.Count > 0)
            tenant.Record(Outcome.Done, null, written.Select(o => o.Person).Distinct().Count(), ("entry", $"{written[^1].Number}"), ("oppositions", $"{written.Count - withdrawn}"), ("withdrawn", $"{withdrawn}"));
        source.Note("Consent.opposition", "recorded", written.Count - withdrawn);
        source.Note("Consent.opposition", "withdrawn", withdrawn);
        return written;
    }

    /// <param name="lake">Its newest release is the one before this load, whatever becomes of it: who was one person there may be apart in a load that replaces it and knows nothing of it.</param>
    public static IReadOnlyList<Opposition> Follow(OppositionRegister register, TenantLake lake, FhirSource source, DateOnly today, string by)
    {
        var decided = source.Consents.Select(c => new OppositionRegister.Decided(new(c.Record, c.Updated, c.Number), c.Person, c.Patient,
            c.Until != Null.Int32 && Days.Date(c.Until) < today ? [] : [.. c.Denied.Select(d => Reach.Parse(d).OrThrow())], c.Day == Null.Int32 ? today : Days.Date(c.Day))).ToList();
        if (register.InForce().Count == 0) return register.Follow(decided, by).OrThrow();
        var told = decided.Select(d => d.Version.Record).ToHashSet();
        var moved = register.Moved(source.MovedConsents, source.PersonOf).Where(m => !told.Contains(m.Version.Record));
        return [.. register.Carry(OnePerson.Keys(OnePerson.Of(lake)), by).OrThrow(), .. register.Carry(OnePerson.Keys(source.Merged), by).OrThrow(), .. register.Follow(moved.Concat(decided), by).OrThrow()];
    }
}
