using Ambroise.Lake.Cdm;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>Consent: what the patient decided, kept as a record, and told to the register of oppositions.</summary>
static class ConsentMap
{
    public static Fate Consent(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["patient"u8], "patient") is { } nobody) return nobody;
        if (ConsentStand.Unknown(r) is { } field) return Fate.Refused(field, "code-unknown");
        var (decided, ends) = (m.OptionalTime(r["dateTime"u8], "dateTime"), m.OptionalTime(r["provision"u8]["period"u8]["end"u8], "provision.period.end"));
        if (ConsentStand.Of(r) is { } denied)
            m.Chunk.Consents.Add((m.Chunk.Seen.Count, m.Version.Hash, new(m.Key.Key, m.Version.Updated, m.Version.Number, m.Person, denied, decided.Day, ends.Day)));
        if (r["status"u8].Is("entered-in-error"u8) || r["status"u8].Is("draft"u8) || r["status"u8].Is("proposed"u8)) return Fate.Aside("status", r["status"u8]);
        var row = m.Row(Cdm54.ConsentRecord);
        row.Put("person_id", m.Person);
        // The rule's own type, where some give one to the first; else the policy's. Without either a rejected or inactive consent permits nothing.
        var rule = r["provision"u8]["type"u8].Text;
        var isOut = ConsentStand.IsOut(r["policyRule"u8]);
        row.Put("decision", rule.Length > 0 ? rule : r["status"u8].Is("active"u8) && !isOut ? "permit"u8 : "deny"u8);
        row.Put("state", r["status"u8].Text);
        row.Put("scope", r["scope"u8]["coding"u8]["code"u8].Text);
        row.Put("category", r["category"u8].First["coding"u8]["code"u8].Text);
        row.Put("consent_date", (m.OptionalTime(r["provision"u8]["period"u8]["start"u8], "provision.period.start") is { Exists: true } from ? from : decided).Day);
        row.Put("consent_end_date", ends.Day);
        m.End(row);
        return Fate.Used;
    }
}
