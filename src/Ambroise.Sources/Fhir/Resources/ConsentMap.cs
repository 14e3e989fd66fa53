using Ambroise.Lake.Cdm;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>Consent: what the patient decided, kept as a record for the register of oppositions. Coverage: PAYER_PLAN_PERIOD.</summary>
static class ConsentMap
{
    public static Fate Consent(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["patient"u8], "patient") is { } nobody) return nobody;
        if (r["status"u8].Is("entered-in-error"u8) || r["status"u8].Is("draft"u8) || r["status"u8].Is("proposed"u8)) return Fate.Aside($"status-{r["status"u8]}");
        var row = m.Row(Cdm54.ConsentRecord);
        row.Put("person_id", m.Person);
        // R4 gives the base rule's type; without a rule a rejected or inactive consent permits nothing.
        var rule = r["provision"u8]["type"u8].Text;
        row.Put("decision", rule.Length > 0 ? rule : r["status"u8].Is("active"u8) ? "permit"u8 : "deny"u8);
        row.Put("state", r["status"u8].Text);
        row.Put("scope", r["scope"u8]["coding"u8]["code"u8].Text);
        row.Put("category", r["category"u8].First["coding"u8]["code"u8].Text);
        row.Put("consent_date", m.OptionalTime(r["provision"u8]["period"u8]["start"u8].Exists ? r["provision"u8]["period"u8]["start"u8] : r["dateTime"u8]).Day);
        row.Put("consent_end_date", m.OptionalTime(r["provision"u8]["period"u8]["end"u8]).Day);
        m.End(row);
        return Fate.Used;
    }

    public static Fate Coverage(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["beneficiary"u8], "beneficiary") is { } nobody) return nobody;
        if (r["status"u8].Is("cancelled"u8) || r["status"u8].Is("entered-in-error"u8) || r["status"u8].Is("draft"u8)) return Fate.Aside($"status-{r["status"u8]}");
        if (m.TryTime(out var start, [r["period"u8]["start"u8]], "period.start") is { } fate) return fate;
        if (m.TryTime(out var end, [r["period"u8]["end"u8]], "period.end") is { } noEnd) return noEnd;
        if (end.Day < start.Day) return Fate.Refused("period.end", "end-before-start");
        var row = m.Row(Cdm54.PayerPlanPeriod);
        row.Put("person_id", m.Person);
        row.Put("payer_plan_period_start_date", start.Day);
        row.Put("payer_plan_period_end_date", end.Day);
        var plan = m.Code(r["type"u8]);
        row.Put("plan_concept_id", plan?.Meaning.Standard ?? 0);
        row.Put("plan_source_value", plan?.Code);
        m.End(row);
        return Fate.Used;
    }
}
