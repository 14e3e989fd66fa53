using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>Who pays, and what: Coverage is a PAYER_PLAN_PERIOD; Claim and ExplanationOfBenefit are a COST of the stay or the prescription they are about.</summary>
/// <remarks>A claim gives what was asked (<c>total_charge</c>), an explanation of benefit what was granted and paid: where both come, no amount counts twice.</remarks>
static class ClaimMap
{
    public static Fate Coverage(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["beneficiary"u8], "beneficiary") is { } nobody) return nobody;
        if (r["status"u8].Is("cancelled"u8) || r["status"u8].Is("entered-in-error"u8) || r["status"u8].Is("draft"u8)) return Fate.Aside("status", r["status"u8]);
        if (m.TryTime(out var start, [r["period"u8]["start"u8], r["period"u8]["end"u8]], "period.start") is { } fate) return fate;
        // Still running, as far as this version of it knows: the CDM wants a last day.
        if (m.TryEnd(out var end, start, r["period"u8]["end"u8], "period.end") is { } noEnd) return noEnd;
        if (!end.Exists) end = m.OptionalTime(r["meta"u8]["lastUpdated"u8], "lastUpdated");
        if (!end.Exists || end.Day < start.Day) end = start;
        var row = m.Row(Cdm54.PayerPlanPeriod);
        row.Put("person_id", m.Person);
        row.Put("payer_plan_period_start_date", start.Day);
        row.Put("payer_plan_period_end_date", end.Day);
        row.Put("payer_concept_id", 0);
        // A payer that is an organisation may be named; one that is a person is nobody's business.
        var payor = r["payor"u8].First;
        if (m.IsTo(payor, "Patient") || m.IsTo(payor, "RelatedPerson")) row.Put("payer_source_value", "person"u8);
        else if (m.IsTo(payor, "Organization") && payor["display"u8].Text is { Length: > 0 } name) row.Put("payer_source_value", name);
        else if (payor.Exists) m.Chunk.Count("Coverage.payor", "left-out");
        var plan = m.Code(r["type"u8]);
        row.Put("plan_concept_id", plan is null ? 0 : m.Standard(plan, Cdm54.PayerPlanPeriod, start.Day));
        row.Put("plan_source_value", plan?.Code);
        row.Put("plan_source_concept_id", plan?.Meaning.Source ?? 0);
        m.End(row);
        return Fate.Used;
    }

    public static Fate Claim(ResourceMapper m)
    {
        if (Begin(m) is { } fate) return fate;
        var stays = Stays(m);
        var charge = Asked(m, out var currency);
        var cost = double.IsNaN(charge) ? Fate.Aside("no-amount") : Write(m, stays, charge, Null.Float64, currency);
        return Declared(m, stays) ?? Used(m, cost);
    }

    public static Fate Explanation(ResourceMapper m)
    {
        if (Begin(m) is { } fate) return fate;
        var r = m.Resource;
        if (r["outcome"u8].Is("error"u8)) return Fate.Aside("outcome-error");
        var stays = Stays(m);
        JsonNode currency = default;
        // An explanation without its claim is all that is known of the charge.
        var charge = r["claim"u8].Exists ? Null.Float64 : Total(m, "submitted"u8, ref currency);
        var paid = r["payment"u8]["amount"u8];
        var granted = Null.Float64;
        if (paid["value"u8].TryNumber(out var number)) (granted, currency) = (number, paid["currency"u8]);
        else granted = Total(m, "benefit"u8, ref currency);
        double copay = Total(m, "copay"u8, ref currency), deductible = Total(m, "deductible"u8, ref currency), allowed = Total(m, "eligible"u8, ref currency);
        var hasAmount = !double.IsNaN(charge) || !double.IsNaN(granted) || !double.IsNaN(copay) || !double.IsNaN(deductible) || !double.IsNaN(allowed);
        var cost = hasAmount ? Write(m, stays, charge, granted, currency, copay, deductible, allowed) : Fate.Aside("no-amount");
        return (r["claim"u8].Exists ? null : Declared(m, stays)) ?? Used(m, cost);
    }

    /// <summary>Where what it codes made rows, and what it cost none, the latter is counted.</summary>
    static Fate Used(ResourceMapper m, Fate cost)
    {
        if (m.RowCount == 0) return cost;
        if (cost.Reason == "no-event") m.Chunk.Count($"{m.Type}.total", cost.Reason);
        return Fate.Used;
    }

    /// <summary>What a claim asks for: its total, else the sum of its items where each says its own.</summary>
    static double Asked(ResourceMapper m, out JsonNode currency)
    {
        var total = m.Resource["total"u8];
        currency = total["currency"u8];
        if (total["value"u8].TryNumber(out var charge)) return charge;
        currency = default;
        charge = Null.Float64;
        foreach (var item in m.Resource["item"u8].Items)
            if (!item["net"u8]["value"u8].Exists || !Add(m, item["net"u8], ref charge, ref currency)) return Null.Float64;
        return charge;
    }

    /// <summary>Adds an amount to others of its currency.</summary>
    /// <returns>False for an amount that is none, or of another currency, which is counted.</returns>
    static bool Add(ResourceMapper m, JsonNode money, ref double sum, ref JsonNode currency)
    {
        if (!money["value"u8].TryNumber(out var amount)) return false;
        if (money["currency"u8] is { Exists: true } own)
        {
            if (currency.Exists && !own.Is(currency.Text))
            {
                m.Chunk.Count($"{m.Type}.total", "currency-differs");
                return false;
            }
            currency = own;
        }
        sum = double.IsNaN(sum) ? amount : sum + amount;
        return true;
    }

    /// <summary>The diagnoses and acts that a claim codes itself: what a hospital declares of a stay (in France, its PMSI) may come no other way. Those it refers to are Conditions and Procedures of their own.</summary>
    /// <returns>Null, or the fate of a claim whose day cannot be read.</returns>
    static Fate? Declared(ResourceMapper m, List<long> stays)
    {
        var r = m.Resource;
        if (!Says(r["diagnosis"u8], "diagnosisCodeableConcept"u8) && !Says(r["procedure"u8], "procedureCodeableConcept"u8)) return null;
        if (m.TryTime(out var start, [r["billablePeriod"u8]["start"u8], r["billablePeriod"u8]["end"u8], Served(m), r["created"u8]], "billablePeriod.start") is { } fate)
        {
            if (fate.Reason != "date-missing" || m.RowCount == 0) return fate;
            m.Chunk.Count($"{m.Type}.diagnosis", "date-missing"); // its cost needs no day
            return null;
        }
        foreach (var diagnosis in r["diagnosis"u8].Items)
            if (diagnosis["diagnosisCodeableConcept"u8] is { Exists: true } said)
            {
                var kind = Kind(m, diagnosis["type"u8]);
                var (visit, served) = Billed(m, stays, "diagnosisSequence"u8, diagnosis["sequence"u8]);
                TextOnly.Write(m, new()
                {
                    Person = m.Person,
                    Start = served.Exists ? served : start,
                    Code = m.Code(said),
                    Default = Domain.Condition,
                    Type = TypeConcepts.Claim,
                    Visit = visit,
                    Status = kind is null ? Null.Int32 : Rank(kind) is > 0 and var rank ? rank : m.Standard(kind, Cdm54.ConditionOccurrence, start.Day),
                    StatusSource = kind?.Code,
                }, said);
            }
        foreach (var act in r["procedure"u8].Items)
            if (act["procedureCodeableConcept"u8] is { Exists: true } said)
            {
                var at = m.OptionalTime(act["date"u8], "procedure.date");
                var (visit, served) = Billed(m, stays, "procedureSequence"u8, act["sequence"u8]);
                TextOnly.Write(m, new() { Person = m.Person, Start = at.Exists ? at : served.Exists ? served : start, Code = m.Code(said), Default = Domain.Procedure, Type = TypeConcepts.Claim, Visit = visit }, said);
            }
        return null;
    }

    /// <summary>The first day on which something of it was done.</summary>
    static JsonNode Served(ResourceMapper m)
    {
        var (first, day) = (default(JsonNode), int.MaxValue);
        foreach (var item in m.Resource["item"u8].Items)
            foreach (var on in new[] { item["servicedDate"u8], item["servicedPeriod"u8]["start"u8] is { Exists: true } begun ? begun : item["servicedPeriod"u8]["end"u8] }.AsSpan())
                if (on.Exists && (!FhirTime.TryParse(on.Text, m.Options.Zone, out var at) || at.Day < day)) (first, day) = (on, at.Day); // one that is no date is told
        return first;
    }

    /// <summary>Primary and secondary diagnosis (Condition Status): HL7's word, and the French PMSI's (diagnostic principal, associé).</summary>
    static int Rank(Coded kind) => kind.Meaning.Code.ToUpperInvariant() switch
    {
        "PRINCIPAL" or "DP" => 32902,
        "SECONDARY" or "DA" or "DAS" => 32908,
        _ => 0,
    };

    /// <summary>The kind of diagnosis that says its rank, else the first.</summary>
    static Coded? Kind(ResourceMapper m, JsonNode types)
    {
        Coded? first = null;
        foreach (var type in types.Items)
            if (m.Code(type) is { } kind)
            {
                if (Rank(kind) > 0) return kind;
                first ??= kind;
            }
        return first;
    }

    static bool Says(JsonNode items, ReadOnlySpan<byte> concept)
    {
        foreach (var item in items.Items)
            if (item[concept].Exists) return true;
        return false;
    }

    /// <summary>The stays that its items are of, in their order. The cost of several is that of the first, and counted.</summary>
    static List<long> Stays(ResourceMapper m)
    {
        var stays = new List<long>(1);
        foreach (var item in m.Resource["item"u8].Items)
            foreach (var encounter in item["encounter"u8].Items)
                if (m.Visit(encounter) is var stay && stay != Null.Int64 && !stays.Contains(stay)) stays.Add(stay);
        if (stays.Count > 1) m.Chunk.Count($"{m.Type}.item.encounter", "several-stays");
        return stays;
    }

    /// <summary>The stay of a diagnosis or an act, and the day: of a claim of several stays those of the items that refer to it, where these are of one; else nobody knows.</summary>
    static (long Visit, FhirTime On) Billed(ResourceMapper m, List<long> stays, ReadOnlySpan<byte> refers, JsonNode sequence)
    {
        if (stays.Count < 2) return (stays.Count == 0 ? Null.Int64 : stays[0], FhirTime.None);
        var (visit, on) = (Null.Int64, FhirTime.None);
        foreach (var item in m.Resource["item"u8].Items)
        {
            if (!Refers(item[refers], sequence)) continue;
            foreach (var encounter in item["encounter"u8].Items)
            {
                if (m.Visit(encounter) is var stay && (stay == Null.Int64 || stay == visit)) continue;
                if (visit != Null.Int64) return (Null.Int64, FhirTime.None);
                visit = stay;
            }
            var served = m.OptionalTime(item["servicedDate"u8].Exists ? item["servicedDate"u8] : item["servicedPeriod"u8]["start"u8], "item.serviced");
            if (served.Exists && (!on.Exists || served.Day < on.Day)) on = served;
        }
        return (visit, on);
    }

    static bool Refers(JsonNode sequences, JsonNode sequence)
    {
        foreach (var one in sequences.Items)
            if (one.Text.SequenceEqual(sequence.Text)) return true;
        return false;
    }

    static Fate? Begin(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["patient"u8], "patient") is { } nobody) return nobody;
        if (!r["status"u8].Is("active"u8)) return Fate.Aside("status", r["status"u8]);
        return r["use"u8].Is("claim"u8) || !r["use"u8].Exists ? null : Fate.Aside($"use-{r["use"u8]}");
    }

    static Fate Write(ResourceMapper m, List<long> stays, double charge, double paidByPayer, JsonNode currency, double copay = Null.Float64, double deductible = Null.Float64, double allowed = Null.Float64)
    {
        var r = m.Resource;
        var isVisit = stays.Count > 0;
        var at = isVisit ? stays[0] : Null.Int64;
        if (!isVisit) at = m.Reference(r["prescription"u8], "MedicationRequest");
        if (at == Null.Int64) return Fate.Aside("no-event"); // the CDM has no cost by itself
        if (isVisit) m.Definition = at; // a cost names the outermost stay, whatever that comes to be
        var row = m.Row(Cdm54.Cost);
        row.Put(At.CostEventId, at);
        row.Put(At.CostDomainId, isVisit ? "Visit"u8 : "Drug"u8);
        row.Put(At.CostTypeConceptId, TypeConcepts.Claim);
        row.Put(At.CurrencyConceptId, m.Currency(currency));
        row.Put(At.TotalCharge, charge);
        row.Put(At.PaidByPayer, paidByPayer);
        // The CDM's own sums: what the patient paid is copay and deductible, what was paid in all is both's.
        var paidByPatient = Sum(copay, deductible);
        row.Put(At.PaidByPatient, paidByPatient);
        row.Put(At.TotalPaid, Sum(paidByPayer, paidByPatient));
        row.Put(At.PaidPatientCopay, copay);
        row.Put(At.PaidPatientDeductible, deductible);
        row.Put(At.AmountAllowed, allowed);
        m.EndOfPerson(row);
        return Fate.Used;
    }

    static double Sum(double one, double other) => double.IsNaN(one) ? other : double.IsNaN(other) ? one : one + other;

    /// <summary>Of the totals the one of a category of HL7's adjudication codes, else the sum of those of the whole, else of its items; null where there is none.</summary>
    static double Total(ResourceMapper m, ReadOnlySpan<byte> category, ref JsonNode currency)
    {
        var r = m.Resource;
        var sum = Null.Float64;
        foreach (var total in r["total"u8].Items)
            if (ResourceMapper.Has(total["category"u8], category) && Add(m, total["amount"u8], ref sum, ref currency)) return sum;
        // A sum given up says nothing of the currency of others.
        var own = currency;
        if (!TryAdjudicated(m, r["adjudication"u8], category, ref sum, ref own)) return Null.Float64;
        if (double.IsNaN(sum))
            foreach (var item in r["item"u8].Items)
                if (!TryAdjudicated(m, item["adjudication"u8], category, ref sum, ref own)) return Null.Float64;
        currency = own;
        return sum;
    }

    static bool TryAdjudicated(ResourceMapper m, JsonNode parts, ReadOnlySpan<byte> category, ref double sum, ref JsonNode currency)
    {
        foreach (var part in parts.Items)
            if (ResourceMapper.Has(part["category"u8], category) && part["amount"u8]["value"u8].Exists && !Add(m, part["amount"u8], ref sum, ref currency)) return false;
        return true;
    }

    /// <summary>COST's columns, looked up once.</summary>
    static class At
    {
        public static readonly int CostEventId = Of("cost_event_id"), CostDomainId = Of("cost_domain_id"), CostTypeConceptId = Of("cost_type_concept_id"), CurrencyConceptId = Of("currency_concept_id"), TotalCharge = Of("total_charge"), PaidByPayer = Of("paid_by_payer"), PaidByPatient = Of("paid_by_patient"), TotalPaid = Of("total_paid"), PaidPatientCopay = Of("paid_patient_copay"), PaidPatientDeductible = Of("paid_patient_deductible"), AmountAllowed = Of("amount_allowed");

        static int Of(string column) => Cdm54.Cost[column].Ordinal;
    }
}
