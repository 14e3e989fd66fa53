using System.Globalization;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Fhir;

/// <summary>A few made-up patients with resources of many types, several versions of some, errors taken back, deletions, references of every kind.</summary>
sealed class SentHospital
{
    sealed record Line(string Name, string Json);

    readonly List<Line> lines = [];
    readonly Dice dice;

    SentHospital(Dice dice) => this.dice = dice;

    public IReadOnlyList<string> All => [.. lines.Select(l => l.Json)];

    public static SentHospital Of(Dice dice)
    {
        var made = new SentHospital(dice);
        made.Fill();
        return made;
    }

    /// <returns>One to four increments: each line in any of them.</returns>
    public List<List<string>> Split(Dice by)
    {
        var count = 1 + by.Of(0, 3);
        var increments = Enumerable.Range(0, count).Select(_ => new List<string>()).ToList();
        foreach (var line in lines) increments[by.Of(0, count - 1)].Add(line.Json);
        return increments;
    }

    /// <summary>What its codes of medications and devices mean: M1 and V1 nothing, others an event of any table, some of two.</summary>
    public static CodeBook Codes { get; } = new(null, Meanings(("M2", [Domain.Drug]), ("M3", [Domain.Device]), ("M4", [Domain.Observation]), ("M5", [Domain.Condition]), ("M6", [Domain.Procedure]), ("M7", [Domain.Measurement]),
        ("M8", [Domain.Device, Domain.Drug]), ("V2", [Domain.Device]), ("V3", [Domain.Drug]), ("V4", [Domain.Observation]), ("V5", [Domain.Procedure, Domain.Device])), null);

    static Dictionary<(string, string), (LocalMapping, Target)[]> Meanings(params (string Code, Domain[] Of)[] codes) =>
        codes.ToDictionary(c => ("urn:drugs", c.Code), c => c.Of.Select((domain, n) => new Target(LocalMapping.FirstOwn + 10 * c.Code[1] + n, domain)).Select(t => (new LocalMapping("urn:drugs", c.Code, "", t.Concept), t)).ToArray());

    string Pick(params string[] of) => of[Below(of.Length)];

    int Below(int below) => dice.Of(0, below - 1);

    string Day() => string.Create(CultureInfo.InvariantCulture, $"20{10 + Below(12)}-{1 + Below(12):D2}-{1 + Below(28):D2}");

    const string Words = """{"text":"?"}""", Nothing = "{}";

    /// <summary>A preparation without a code.</summary>
    string Ingredients() => $$"""{},"ingredient":[{"itemCodeableConcept":{{Drug($"M{1 + Below(8)}")}} },{"itemCodeableConcept":{{Pick(Words, Drug($"M{1 + Below(8)}"))}} }]""";

    static string Drug(string code) => $$"""{"coding":[{"system":"urn:drugs","code":"{{code}}"}]}""";

    /// <summary>A resource in one to three versions.</summary>
    /// <param name="goes">Whether it may be deleted: who is named by an identifier stays.</param>
    void Add(string type, string id, bool goes, Func<string> rest) => Add(type, id, Below(4) == 0 ? 2 + Below(2) : 1, goes, rest);

    void Add(string type, string id, int versions, bool goes, Func<string> rest)
    {
        for (var version = 1; version <= versions; version++)
            lines.Add(new($"{type}/{id}", $$$"""{"resourceType":"{{{type}}}","id":"{{{id}}}","meta":{"versionId":"{{{version}}}","lastUpdated":"2024-0{{{version}}}-01T10:00:00Z"},{{{rest()}}}}"""));
        if (Below(12) == 0 && goes)
            lines.Add(new($"{type}/{id}", $$"""{"resourceType":"Bundle","type":"transaction",{{(Below(3) == 0 ? "" : $"\"timestamp\":\"2024-0{1 + Below(8)}-15T10:00:00Z\",")}}"entry":[{"request":{"method":"DELETE","url":"{{type}}/{{id}}"} }]}"""));
    }

    /// <summary>How much of a medication and until when: only DRUG_EXPOSURE has room for all of it.</summary>
    string Supply() => $$"""
        "dispenseRequest":{"quantity":{"value":{{Pick("28", "1.5", "3e9")}}},"numberOfRepeatsAllowed":{{Below(3)}},"expectedSupplyDuration":{"value":{{Below(30)}},"unit":"days"} },{{Dosage("dosageInstruction", Pick("", $$""","timing":{"repeat":{"boundsPeriod":{"end":"{{Day()}}"} } } """, $$""","timing":{"repeat":{"boundsPeriod":{"end":"{{Day()}}T08:30:00+02:00"} } } """))}},"statusReason":{{Drug("R1")}}
        """.Trim();

    string Dosage(string name, string more = "") => $$""" "{{name}}":[{"text":"{{Pick("matin et soir", "\"à jeun\"\n")}}","route":{{Drug("PO")}},"dose":{"value":{{Below(4)}},"unit":"mg"}{{more}} }]""";

    /// <summary>Who a version of a patient says to be: links, a national identity, qualified or not, and a hospital number come and go, and are some other patient's too;
    /// so does the number of a wristband, which makes nobody one, and by which records name their patient.</summary>
    /// <param name="goes">Is deleted in the end: what others then mean by a number of theirs depends on when.</param>
    string Identity(int patient, bool goes)
    {
        var link = Below(3) == 0 ? $$$""","link":[{"type":"{{{Pick("replaces", "replaced-by", "seealso")}}}","other":{"reference":"Patient/p{{{1 + Below(4)}}}"}}]""" : "";
        var ins = Below(3) == 0 ? $$""",{"system":"urn:oid:1.2.250.1.213.1.4.10","value":"15001750000000{{Below(2)}}"}""" : "";
        var number = Below(3) == 0 ? $$""",{"system":"urn:shared","value":"N{{Below(3)}}"}""" : "";
        var band = goes ? "" : Pick("", $$""",{"system":"urn:band","value":"B{{Below(3)}}"}""");
        return $$"""{{link}},"extension":[{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability","extension":[{"url":"identityStatus","valueCoding":{"code":"{{Pick("VALI", "VALI", "PROV")}}"} }]}],"identifier":[{"system":"urn:ipp","value":"{{patient}}"}{{ins}}{{number}}{{band}}]""";
    }

    void Fill()
    {
        for (var n = 1; n <= 2; n++)
        {
            Add("Organization", $"o{n}", true, () => $$""" "identifier":[{"system":"urn:finess","value":"{{Pick("F1", "F1", "F2")}}"}],"name":"{{Pick("Un", "Deux")}}" """);
            Add("Practitioner", $"d{n}", true, () => $$""" "identifier":[{"system":"urn:rpps","value":"{{Pick("R1", "R1", "R2")}}"}],"name":[{"family":"{{Pick("A", "B")}}"}] """);
        }
        // A bed in all its versions, or in none: of one that is none any more the order shows.
        var bed = Pick("", ""","physicalType":{"coding":[{"code":"bd"}]}""");
        Add("Location", "l2", false, () => $$""" "name":"{{Pick("12", "13")}}"{{bed}} """);
        Add("Location", "l1", true, () => $$""" "name":"{{Pick("Urgences", "Bloc")}}" """);
        Add("PractitionerRole", "r1", true, () => $$""" "practitioner":{"reference":"{{Pick("Practitioner/d1", "Practitioner/d2", "Practitioner?identifier=urn:rpps|R1")}}"},"organization":{"reference":"{{Pick("Organization/o1", "Organization/o2", "Organization?identifier=urn:finess|F1")}}"},"specialty":[{"coding":[{"system":"urn:spec","code":"{{Pick("S1", "S2")}}"}]}] """);
        Add("Medication", "m1", 1 + Below(3), true, () => $$""" "code":{{Pick(Words, Nothing, Ingredients(), Ingredients(), Drug($"M{1 + Below(8)}"), Drug($"M{1 + Below(8)}"))}} """);
        Add("Device", "v1", 1 + Below(3), true, () => $$""" "type":{{Pick(Words, Nothing, Drug($"V{1 + Below(5)}"), Drug($"V{1 + Below(5)}"))}} """);
        for (var p = 1; p <= 3; p++)
        {
            var patient = $"p{p}";
            var deleted = p == 3 && Below(4) == 0;
            Add("Patient", patient, false, () => $$""" "gender":"{{Pick("male", "female")}}","birthDate":"19{{40 + Below(50)}}-05-0{{1 + Below(9)}}"{{(Below(4) == 0 ? $",\"deceasedDateTime\":\"{Day()}\"" : "")}},"generalPractitioner":[{"reference":"{{Pick("Practitioner/d1", "Practitioner?identifier=urn:rpps|R1", "PractitionerRole/r1")}}"}],"managingOrganization":{"reference":"{{Pick("Organization/o1", "Organization?identifier=urn:finess|F1")}}"}{{Pick("", ""","address":[{"city":"Lyon","postalCode":"69003"}]""")}}{{Identity(p, deleted)}} """);
            // For good: what a patient's deletion took is not to be had again.
            if (deleted) lines.Add(new($"Patient/{patient}", $$"""{"resourceType":"Bundle","type":"transaction","timestamp":"2024-12-15T10:00:00Z","entry":[{"request":{"method":"DELETE","url":"Patient/{{patient}}"} }]}"""));
            var own = Pick($$"""{"reference":"Patient/{{patient}}"}""", $$"""{"reference":"Patient?identifier=urn:ipp|{{p}}"}""", $$"""{"identifier":{"system":"urn:ipp","value":"{{p}}"} }""");
            var isOwn = deleted || Below(4) > 0;
            var subject = $$""" "subject":{{(isOwn ? own : """{"reference":"Patient?identifier=urn:band|B0"}""")}} """;
            // Some versions of a record were about somebody else than who is deleted. Those of stays are not: of a record that names another patient's the order shows.
            string Whose() => deleted && Below(3) == 0 ? """ "subject":{"reference":"Patient/p1"} """ : subject;
            var provider = Pick("""{"reference":"Practitioner/d1"}""", """{"reference":"Practitioner?identifier=urn:rpps|R1"}""", """{"reference":"PractitionerRole/r1"}""");
            const string moves = ""","location":[{"location":{"reference":"Location/l1"},"period":{"start":"2020-03-01"} },{"location":{"reference":"Location/l2"},"period":{"start":"2020-03-02"} }]""";
            Add("Encounter", $"e{p}", true, () => $$""" "status":"{{Pick("finished", "finished", "cancelled")}}","class":{"code":"IMP"},{{subject}}{{Pick("", moves)}},"serviceProvider":{"reference":"{{Pick("Organization/o1", "Organization?identifier=urn:finess|F1")}}"},"period":{"start":"2020-03-0{{1 + Below(2)}}","end":"2020-03-0{{2 + Below(8)}}"} """);
            Add("Encounter", $"f{p}", true, () => $$""" "status":"finished","class":{"code":"ACUTE"},{{subject}},"partOf":{"reference":"Encounter/e{{p}}"},"participant":[{"individual":{{provider}}}]{{Pick("", moves)}},"period":{"start":"2020-03-0{{1 + Below(2)}}"} """);
            Add("Encounter", $"g{p}", true, () => $$""" "status":"finished","class":{"code":"ACUTE"},{{subject}}{{Pick("f", "f", "e", "") switch { "" => "", var outer => $",\"partOf\":{{\"reference\":\"Encounter/{outer}{p}\"}}" }}},"period":{"start":"2020-03-01"} """);
            // Stays and their numbers last: of one that goes or has another the order shows (docs/mapping/fhir.md).
            Add("Encounter", $"h{p}", false, () => $$""" "status":"finished","class":{"code":"IMP"},{{subject}},"identifier":[{"system":"urn:nda","value":"H{{p}}"},{"value":"also-{{p}}"}]{{Pick("", $$""","partOf":{"reference":"Encounter/e{{p}}"} """)}},"period":{"start":"2020-04-0{{1 + Below(3)}}"} """);
            // A stay that may be part of another patient's, or of one that nobody sends.
            Add("Encounter", $"j{p}", true, () => $$""" "status":"finished","class":{"code":"IMP"},{{subject}},"partOf":{"reference":"Encounter/{{Pick($"e{p}", $"e{1 + Below(3)}", $"f{1 + Below(3)}", "none")}}"}{{Pick("", moves)}},"period":{"start":"2020-03-0{{1 + Below(2)}}"} """);
            string Stay() => Pick($"Encounter/e{p}", $"Encounter/j{p}", $"Encounter/f{p}", $"Encounter/g{p}", $"Encounter/h{p}", $"Encounter?identifier=urn:nda|H{p}", $"Encounter?identifier=also-{p}");
            Add("Encounter", $"i{p}", true, () => $$""" "status":"finished","class":{"code":"ACUTE"},{{subject}},"partOf":{"reference":"{{Pick($"Encounter/h{p}", $"Encounter?identifier=urn:nda|H{p}")}}"},"period":{"start":"2020-04-01"} """);
            // What has no day of its own. An identifier names a stay that stays: of one that goes the order shows.
            string Dated(string element, string by = "encounter") => $"\"{by}\":{{\"reference\":\"" + (deleted || Below(3) > 0 ? $"{Stay()}\"}},\"{element}\":\"{Day()}\"" : $"{Stay()}\"}}");
            for (var n = 0; n < 2; n++)
                Add("Condition", $"c{p}{n}", true, () => $$""" {{subject}},{{Dated("onsetDateTime")}},"verificationStatus":{"coding":[{"code":"{{Pick("confirmed", "confirmed", "refuted", "entered-in-error")}}"}]},"code":{"coding":[{"system":"urn:x","code":"C{{Below(5)}}"}]},"recorder":{{provider}} """);
            Add("MedicationRequest", $"q{p}", true, () => $$""" "status":"{{Pick("active", "completed", "cancelled")}}","intent":"order",{{Whose()}},"medicationReference":{"reference":"Medication/m1"},"authoredOn":"{{Day()}}",{{Supply()}},"requester":{{provider}} """);
            Add("MedicationAdministration", $"a{p}", true, () => $$""" "status":"completed",{{Whose()}},"medicationReference":{"reference":"Medication/m1"},"effectivePeriod":{"start":"{{Day()}}T06:00:00Z","end":"{{Day()}}T07:00:00Z"},{{Dosage("dosage")}} """);
            Add("MedicationDispense", $"w{p}", true, () => $$""" "status":"completed",{{Whose()}},"medicationReference":{"reference":"Medication/m1"},{{(deleted ? $"\"whenHandedOver\":\"{Day()}\"" : Dated("whenHandedOver", "context"))}},"quantity":{"value":{{Below(60)}}},"daysSupply":{"value":{{Below(30)}}},{{Dosage("dosageInstruction")}} """);
            Add("DeviceUseStatement", $"u{p}", true, () => $$""" "status":"active",{{Whose()}},"device":{"reference":"Device/v1"},"timingPeriod":{"start":"{{Day()}}","end":"{{Day()}}{{Pick("", "T07:00:00Z")}}"} """);
            var more = Below(2) == 0 ? """,{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":70,"unit":"mmHg"}}""" : "";
            Add("Observation", $"b{p}", true, () => $$""" "status":"final","category":[{"coding":[{"code":"vital-signs"}]}],{{Whose()}},"code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"effectiveDateTime":"{{Day()}}","component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":{{90 + Below(60)}},"unit":"mmHg"} }{{more}}] """);
            Add("DocumentReference", $"n{p}", true, () => $$""" "status":"current",{{Whose()}},"type":{"text":"Lettre"},"date":"{{Day()}}T10:00:00Z","content":[{"attachment":{"contentType":"text/plain","data":"Qm9uam91cg=="} }] """);
            Add("Coverage", $"y{p}", true, () => $$""" "status":"active","beneficiary":{"reference":"Patient/{{patient}}"},"payor":[{"reference":"Organization/o1","display":"X"}],"period":{"start":"2019-01-01","end":"202{{Below(5)}}-12-31"} """);
            Add("Claim", $"k{p}", true, () => $$""" "status":"active","use":"claim","patient":{{(isOwn ? Pick($$"""{"reference":"Patient/{{patient}}"}""", $$"""{"reference":"Patient?identifier=urn:ipp|{{p}}"}""") : """{"reference":"Patient?identifier=urn:band|B0"}""")}},"item":[{"encounter":[{"reference":"{{Stay()}}"}]}],"total":{"value":{{Below(900)}} } """);
            Add("Consent", $"s{p}", true, () => $$""" "status":"{{Pick("active", "inactive")}}","scope":{"coding":[{"code":"research"}]},"patient":{"reference":"{{Pick($"Patient/{patient}", deleted ? $"Patient/{patient}" : "Patient?identifier=urn:band|B1")}}"},"provision":{"type":"{{Pick("permit", "deny")}}" } """);
        }
    }
}
