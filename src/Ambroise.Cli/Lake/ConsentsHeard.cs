using Ambroise.Cli.Frame;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Oppositions;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir;

namespace Ambroise.Cli.Lake;

/// <summary>What the Consents of a load say goes to the register of oppositions; and who turned out to be whom.</summary>
static class ConsentsHeard
{
    /// <returns>The new entries of the register; they are in the audit and in the load's report.</returns>
    /// <exception cref="FailureException"><c>opposition.tampered</c>, <c>audit.unavailable</c>: then the load ends and nothing of it is seen.</exception>
    public static IReadOnlyList<Opposition> Follow(Session session, OpenTenant tenant, FhirSource source)
    {
        var today = DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime);
        var decided = source.Consents.Select(c => new OppositionRegister.Decided(new(c.Record, c.Updated, c.Number), c.Person,
            c.Until != Null.Int32 && Days.Date(c.Until) < today ? [] : [.. c.Denied.Select(d => Reach.Parse(d).OrThrow())], c.Day == Null.Int32 ? today : Days.Date(c.Day))).ToList();
        if (decided.Count == 0 && source.PersonDecisions.Count == 0) return [];
        var register = tenant.Ledger.Oppositions(tenant.Id, tenant.Keys);
        var written = register.Carry(source.PersonDecisions.SelectMany(d => new[] { (d.Before, d.Person), (d.Patient, d.Person) }).Where(m => m.Item1 != m.Item2), session.Caller.Actor).OrThrow()
            .Concat(register.Follow(register.Moved(source.MovedConsents).Concat(decided), session.Caller.Actor).OrThrow()).ToList();
        var withdrawn = written.Count(o => o.Withdraws);
        if (written.Count > 0)
            tenant.Record(Outcome.Done, null, written.Select(o => o.Person).Distinct().Count(), ("entry", $"{written[^1].Number}"), ("oppositions", $"{written.Count - withdrawn}"), ("withdrawn", $"{withdrawn}"));
        source.Note("Consent.opposition", "recorded", written.Count - withdrawn);
        source.Note("Consent.opposition", "withdrawn", withdrawn);
        return written;
    }
}
