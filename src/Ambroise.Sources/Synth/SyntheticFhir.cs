using System.Globalization;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Synth;

/// <summary>The synthetic hospital's rows as the FHIR R4 resources that a French hospital's server would give: FR Core profiles, INS under its test authority, FINESS, RPPS, ICD-10, CCAM, ATC, LOINC, UCUM.</summary>
/// <remarks>FR Core: HL7 France, "Guide d'implémentation FR Core" 2.2.0. Test OIDs of the INS: ANS, "Référentiel INS" 2.0. The loader gives the same rows back; docs/mapping/fhir.md says where they differ and why.</remarks>
sealed class SyntheticFhir(StoryRows rows, NdjsonFiles to)
{
    public const string Own = "urn:x-ambroise:synthetic";

    /// <summary>Every type that is written, of patients and of the hospital.</summary>
    public static readonly string[] Types = ["Patient", "Consent", "Encounter", "Condition", "MedicationRequest", "Procedure", "Observation", "DocumentReference", "Coverage", "Organization", "Practitioner", "PractitionerRole"];

    const string Icd10 = "http://hl7.org/fhir/sid/icd-10", Atc = "http://www.whocc.no/atc", Loinc = "http://loinc.org", Ucum = "http://unitsofmeasure.org", Ccam = "https://mos.esante.gouv.fr/NOS/TRE_R216-CCAM/FHIR/TRE-R216-CCAM",
        ActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode", IdentifierType = "http://terminology.hl7.org/CodeSystem/v2-0203", FrIdentifierType = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203";

    /// <summary>Every so many-th patient has an identity that nobody checked yet, and so no INS; every so many-th objects to research.</summary>
    const int Unchecked = 25, Objecting = 97;

    static readonly string[] Vital = ["8480-6", "8462-4", "29463-7", "8867-4", "8310-5", "9279-1", "2708-6", "59408-5", "39156-5", "8302-2"];
    static readonly Dictionary<int, SynthConcept> Products = Catalogue.Drugs.SelectMany(d => d.Products).ToDictionary(p => p.Id);
    static readonly Dictionary<string, SynthCode> Codes = Catalogue.Codes.DistinctBy(c => c.Code).ToDictionary(c => c.Code);

    static string Id(char kind, long number) => string.Create(CultureInfo.InvariantCulture, $"{kind}{number}");

    static void Common(NdjsonFiles o, Batch batch, int row, string subject = "subject", string? encounter = "encounter")
    {
        o.Reference(subject, "Patient", Id('p', batch.Int64("person_id").Array[row]));
        if (encounter is not null && batch.Int64("visit_occurrence_id") is { } visits && !visits.IsNull(row)) o.Reference(encounter, "Encounter", Id('v', visits.Array[row]));
    }

    static string Practitioner(Batch batch, int row) => Id('m', batch.Int64("provider_id").Array[row]);

    /// <summary>Writes the block of patients that the rows hold.</summary>
    public void Write()
    {
        Patients();
        Encounters();
        Conditions();
        Prescriptions();
        Procedures();
        Measurements();
        Smoking();
        Notes();
        Coverages();
    }

    void Patients()
    {
        var batch = rows.Person;
        Dictionary<long, int> died = [];
        for (var row = 0; row < rows.Death.Rows; row++) died[rows.Death.Int64("person_id").Array[row]] = rows.Death.Int32("death_date").Array[row];
        for (var row = 0; row < batch.Rows; row++)
        {
            var patient = batch.Int64("person_id").Array[row];
            var isChecked = patient % Unchecked != 0;
            var (surname, forename) = rows.Names[row];
            var (year, month, day) = (batch.Int32("year_of_birth").Array[row], batch.Int32("month_of_birth").Array[row], batch.Int32("day_of_birth").Array[row]);
            var ins = batch.Text("person_source_value").Text(row)!.Split('|')[0];
            var home = SyntheticHospital.Home(batch.Int64("location_id").Array[row]);
            to.Write("Patient", Id('p', patient), isChecked ? "fr-core-patient-ins" : "fr-core-patient", o =>
            {
                o.Array("extension", e =>
                {
                    e.Text("url", NdjsonFiles.FrCore("fr-core-identity-reliability"));
                    e.Array("extension", i =>
                    {
                        i.Text("url", "identityStatus");
                        i.Object("valueCoding", c => c.Coding("https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0445", isChecked ? "VALI" : "PROV"));
                    });
                });
                void Ipp(NdjsonFiles i)
                {
                    i.Text("use", "usual");
                    i.Concept("type", IdentifierType, "PI");
                    i.Text("system", Own + ":ipp");
                    i.Text("value", string.Create(CultureInfo.InvariantCulture, $"{8_000_000_000 + patient}"));
                }
                void Ins(NdjsonFiles i)
                {
                    i.Text("use", "official");
                    i.Concept("type", FrIdentifierType, "INS-NIR");
                    i.Text("system", "urn:oid:1.2.250.1.213.1.4.10");
                    i.Text("value", ins + (97 - long.Parse(ins, CultureInfo.InvariantCulture) % 97).ToString("D2", CultureInfo.InvariantCulture));
                }
                if (isChecked) o.Array("identifier", Ipp, Ins);
                else o.Array("identifier", Ipp);
                o.Array("name", n =>
                {
                    n.Text("use", "official");
                    n.Text("family", surname);
                    n.Strings("given", forename);
                });
                o.Text("gender", batch.Int32("gender_concept_id").Array[row] == 8532 ? "female" : "male");
                o.Text("birthDate", string.Create(CultureInfo.InvariantCulture, $"{year:D4}-{month:D2}-{day:D2}"));
                if (died.TryGetValue(patient, out var death)) o.Text("deceasedDateTime", o.Day(death));
                o.Array("address", a =>
                {
                    a.Text("use", "home");
                    a.Strings("line", home.Line);
                    a.Text("city", home.City);
                    a.Text("district", home.District); // INSEE: commune, then IRIS
                    a.Text("postalCode", home.Zip);
                    a.Text("country", "FR");
                });
                o.Array("generalPractitioner", g => g.Text("reference", $"Practitioner/{Practitioner(batch, row)}"));
                o.Reference("managingOrganization", "Organization", Id('s', batch.Int64("care_site_id").Array[row]));
            });
            if (patient % Objecting == 0) Consent(patient);
        }
    }

    void Consent(long patient) => to.Write("Consent", Id('k', patient), null, o =>
    {
        o.Text("status", "active");
        o.Concept("scope", "http://terminology.hl7.org/CodeSystem/consentscope", "research");
        o.Array("category", c => c.Array("coding", d => d.Coding(Loinc, "59284-0", "Patient Consent")));
        o.Reference("patient", "Patient", Id('p', patient));
        o.Text("dateTime", "2025-11-03");
        o.Concept("policyRule", ActCode, "OPTOUT");
        o.Object("provision", p => p.Text("type", "deny"));
    });

    void Encounters()
    {
        for (var row = 0; row < rows.Visit.Rows; row++) Encounter(rows.Visit, row, "visit", 'v', null);
        for (var row = 0; row < rows.Detail.Rows; row++) Encounter(rows.Detail, row, "visit_detail", 'w', Id('v', rows.Detail.Int64("visit_occurrence_id").Array[row]));
    }

    void Encounter(Batch batch, int row, string prefix, char kind, string? partOf) => to.Write("Encounter", Id(kind, batch.Int64($"{prefix}_{(kind == 'v' ? "occurrence_" : "")}id").Array[row]), "fr-core-encounter", o =>
    {
        var setting = batch.Int32($"{prefix}_concept_id").Array[row];
        var (code, display) = setting switch { 9202 => ("AMB", "ambulatory"), 9203 => ("EMER", "emergency"), 32037 => ("ACUTE", "inpatient acute"), _ => ("IMP", "inpatient encounter") };
        o.Text("status", "finished");
        o.Object("class", c => c.Coding(ActCode, code, display));
        Common(o, batch, row, encounter: null);
        o.Array("participant", p =>
        {
            p.Array("type", t => t.Array("coding", c => c.Coding("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PPRF")));
            p.Reference("individual", "Practitioner", Practitioner(batch, row));
        });
        var started = batch.Int64($"{prefix}_start_datetime");
        o.Object("period", p =>
        {
            p.Text("start", kind == 'v' ? p.Time(started.Array[row]) : p.Day(batch.Int32($"{prefix}_start_date").Array[row]));
            p.Text("end", p.Day(batch.Int32($"{prefix}_end_date").Array[row]));
        });
        if (setting == 262) o.Object("hospitalization", h => h.Concept("admitSource", "http://terminology.hl7.org/CodeSystem/admit-source", "emd", "From accident/emergency department"));
        o.Reference("serviceProvider", "Organization", Id('s', batch.Int64("care_site_id").Array[row]));
        if (partOf is not null) o.Reference("partOf", "Encounter", partOf);
    });

    void Conditions()
    {
        var batch = rows.Condition;
        for (var row = 0; row < batch.Rows; row++)
            to.Write("Condition", Id('c', batch.Int64("condition_occurrence_id").Array[row]), null, o =>
            {
                o.Concept("clinicalStatus", "http://terminology.hl7.org/CodeSystem/condition-clinical", "active");
                o.Concept("verificationStatus", "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed");
                o.Array("category", c => c.Array("coding", d => d.Coding("http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis")));
                Code(o, Icd10, batch.Text("condition_source_value"), row);
                Common(o, batch, row);
                o.Text("onsetDateTime", o.Time(batch.Int64("condition_start_datetime").Array[row]));
                o.Reference("recorder", "Practitioner", Practitioner(batch, row));
            });
    }

    static void Code(NdjsonFiles o, string system, TextColumn codes, int row)
    {
        var code = codes.Text(row)!;
        o.Concept("code", system, code, Codes[code].French);
    }

    void Prescriptions()
    {
        var batch = rows.Drug;
        for (var row = 0; row < batch.Rows; row++)
            to.Write("MedicationRequest", Id('d', batch.Int64("drug_exposure_id").Array[row]), null, o =>
            {
                var (product, atc) = (Products[batch.Int32("drug_concept_id").Array[row]], batch.Text("drug_source_value").Text(row)!);
                o.Text("status", "completed");
                o.Text("intent", "order");
                o.Object("medicationCodeableConcept", m => m.Array("coding", c => c.Coding(Own, product.Code, product.French), c => c.Coding(Atc, atc, Codes[atc].French)));
                Common(o, batch, row);
                o.Text("authoredOn", o.Day(batch.Int32("drug_exposure_start_date").Array[row]));
                o.Reference("requester", "Practitioner", Practitioner(batch, row));
                o.Array("dosageInstruction", d =>
                {
                    d.Text("text", batch.Text("sig").Text(row)!);
                    d.Object("timing", t => t.Object("repeat", r => r.Object("boundsPeriod", p =>
                    {
                        p.Text("start", p.Day(batch.Int32("drug_exposure_start_date").Array[row]));
                        p.Text("end", p.Day(batch.Int32("drug_exposure_end_date").Array[row]));
                    })));
                    d.Concept("route", Own, "oral", "Voie orale");
                });
                o.Object("dispenseRequest", d =>
                {
                    d.Whole("numberOfRepeatsAllowed", batch.Int32("refills").Array[row]);
                    d.Object("quantity", q => q.Number("value", batch.Float64("quantity").Array[row]));
                    d.Object("expectedSupplyDuration", s =>
                    {
                        s.Whole("value", batch.Int32("days_supply").Array[row]);
                        s.Text("unit", "d");
                        s.Text("system", Ucum);
                        s.Text("code", "d");
                    });
                });
            });
    }

    void Procedures()
    {
        var batch = rows.Procedure;
        for (var row = 0; row < batch.Rows; row++)
            to.Write("Procedure", Id('a', batch.Int64("procedure_occurrence_id").Array[row]), null, o =>
            {
                o.Text("status", "completed");
                Code(o, Ccam, batch.Text("procedure_source_value"), row);
                Common(o, batch, row);
                o.Text("performedDateTime", o.Day(batch.Int32("procedure_date").Array[row]));
                o.Array("performer", p => p.Reference("actor", "Practitioner", Practitioner(batch, row)));
            });
    }

    void Measurements()
    {
        var batch = rows.Measurement;
        for (var row = 0; row < batch.Rows; row++)
            to.Write("Observation", Id('o', batch.Int64("measurement_id").Array[row]), null, o =>
            {
                var (code, unit) = (batch.Text("measurement_source_value"), batch.Text("unit_source_value").Text(row)!);
                o.Text("status", "final");
                o.Array("category", c => c.Array("coding", d => d.Coding("http://terminology.hl7.org/CodeSystem/observation-category", Vital.Contains(code.Text(row)) ? "vital-signs" : "laboratory")));
                Code(o, Loinc, code, row);
                Common(o, batch, row);
                o.Text("effectiveDateTime", o.Time(batch.Int64("measurement_datetime").Array[row]));
                o.Array("performer", p => p.Text("reference", $"Practitioner/{Practitioner(batch, row)}"));
                void Quantity(NdjsonFiles q, string column)
                {
                    q.Number("value", batch.Float64(column).Array[row]);
                    q.Text("unit", unit);
                    q.Text("system", Ucum);
                    q.Text("code", unit);
                }
                o.Object("valueQuantity", q => Quantity(q, "value_as_number"));
                o.Array("referenceRange", r =>
                {
                    r.Object("low", q => Quantity(q, "range_low"));
                    r.Object("high", q => Quantity(q, "range_high"));
                });
            });
    }

    void Smoking()
    {
        var batch = rows.Observation;
        for (var row = 0; row < batch.Rows; row++)
            to.Write("Observation", Id('t', batch.Int64("observation_id").Array[row]), null, o =>
            {
                o.Text("status", "final");
                o.Array("category", c => c.Array("coding", d => d.Coding("http://terminology.hl7.org/CodeSystem/observation-category", "social-history")));
                o.Concept("code", Loinc, "72166-2", "Statut tabagique");
                Common(o, batch, row, encounter: null);
                o.Text("effectiveDateTime", o.Day(batch.Int32("observation_date").Array[row]));
                o.Concept("valueCodeableConcept", Own, (batch.Int32("value_as_concept_id").Array[row] - SyntheticVocabulary.Smoker) switch { 0 => "smoker", 1 => "former-smoker", _ => "never-smoked" }, batch.Text("value_as_string").Text(row));
            });
    }

    void Notes()
    {
        var batch = rows.Note;
        for (var row = 0; row < batch.Rows; row++)
            to.Write("DocumentReference", Id('n', batch.Int64("note_id").Array[row]), null, o =>
            {
                var title = batch.Text("note_title").Text(row)!;
                o.Text("language", "fr");
                o.Text("status", "current");
                o.Concept("type", Loinc, title.StartsWith("Compte", StringComparison.Ordinal) ? "11490-0" : "11488-4", title);
                Common(o, batch, row, encounter: null);
                o.Text("date", $"{o.Day(batch.Int32("note_date").Array[row])}T12:00:00+01:00");
                o.Array("author", a => a.Text("reference", $"Practitioner/{Practitioner(batch, row)}"));
                o.Array("content", c => c.Object("attachment", a =>
                {
                    a.Text("contentType", "text/plain; charset=utf-8");
                    a.Text("language", "fr");
                    a.Base64("data", Encoding.UTF8.GetBytes(batch.Text("note_text").Text(row)!));
                    a.Text("title", title);
                }));
                o.Object("context", c => c.Array("encounter", e => e.Text("reference", $"Encounter/{Id('v', batch.Int64("visit_occurrence_id").Array[row])}")));
            });
    }

    void Coverages()
    {
        var batch = rows.Payer;
        for (var row = 0; row < batch.Rows; row++)
            to.Write("Coverage", Id('y', batch.Int64("payer_plan_period_id").Array[row]), null, o =>
            {
                o.Text("status", "active");
                o.Concept("type", Own, batch.Text("plan_source_value").Text(row)!);
                Common(o, batch, row, "beneficiary", null);
                o.Object("period", p =>
                {
                    p.Text("start", p.Day(batch.Int32("payer_plan_period_start_date").Array[row]));
                    p.Text("end", p.Day(batch.Int32("payer_plan_period_end_date").Array[row]));
                });
                var payer = batch.Text("payer_source_value").Text(row)!;
                o.Array("payor", p =>
                {
                    p.Text("reference", $"Organization/{(payer[0] == 'R' ? "x1" : payer[0] == 'M' ? "x2" : "x3")}");
                    p.Text("display", payer);
                });
            });
    }

    /// <summary>The hospital itself: its units, its people, and who insures.</summary>
    public static void Places(NdjsonFiles to, Batch sites, Batch providers)
    {
        for (var row = 0; row < sites.Rows; row++)
            to.Write("Organization", Id('s', sites.Int64("care_site_id").Array[row]), "fr-core-organization", o =>
            {
                // A made-up number of the register of establishments.
                o.Array("identifier", i =>
                {
                    i.Concept("type", FrIdentifierType, "FINEG");
                    i.Text("system", "https://finess.esante.gouv.fr");
                    i.Text("value", $"9900000{row + 1:D2}");
                });
                o.Text("name", sites.Text("care_site_name").Text(row)!);
                var home = SyntheticHospital.Home(sites.Int64("location_id").Array[row]);
                o.Array("address", a =>
                {
                    a.Strings("line", home.Line);
                    a.Text("city", home.City);
                    a.Text("district", home.District);
                    a.Text("postalCode", home.Zip);
                    a.Text("country", "FR");
                });
            });
        foreach (var (id, name) in new[] { ("x1", "Régime général"), ("x2", "MSA"), ("x3", "Autre régime") }) to.Write("Organization", id, "fr-core-organization", o => o.Text("name", name));
        for (var row = 0; row < providers.Rows; row++)
        {
            to.Write("Practitioner", Practitioner(providers, row), "fr-core-practitioner", o =>
            {
                o.Array("identifier", i =>
                {
                    i.Concept("type", FrIdentifierType, "RPPS");
                    i.Text("system", "https://rpps.esante.gouv.fr");
                    i.Text("value", providers.Text("npi").Text(row)!);
                });
                o.Array("name", n =>
                {
                    n.Text("family", providers.Text("provider_name").Text(row)!["Dr ".Length..]);
                    n.Strings("prefix", "Dr");
                });
            });
            to.Write("PractitionerRole", Id('r', providers.Int64("provider_id").Array[row]), "fr-core-practitioner-role", o =>
            {
                o.Reference("practitioner", "Practitioner", Practitioner(providers, row));
                o.Reference("organization", "Organization", Id('s', providers.Int64("care_site_id").Array[row]));
            });
        }
    }
}
