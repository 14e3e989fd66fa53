using System.Globalization;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Fhir;

/// <summary>A few made-up patients with resources of many types, several versions of some, errors taken back, deletions, references of every kind.</summary>
sealed class SentHospital
{
    /// <param name="Needs">Resources that come with it or before it: a record about a patient nobody knows yet is quarantined.</param>
    sealed record Line(string Name, string Json, string[] Needs);

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

    /// <returns>One to four increments: each line in one of them, what it needs there or before.</returns>
    public List<List<string>> Split(Dice by)
    {
        var count = 1 + by.Of(0, 3);
        var at = new Dictionary<string, int>();
        var increments = Enumerable.Range(0, count).Select(_ => new List<string>()).ToList();
        foreach (var line in lines)
        {
            var earliest = line.Needs.Length == 0 ? 0 : line.Needs.Max(n => at[n]);
            var increment = line.Name.StartsWith("Patient/p1", StringComparison.Ordinal) && !at.ContainsKey(line.Name) ? 0 : earliest + by.Of(0, count - earliest - 1);
            // The first version to come is what others need; that it was deleted may come before.
            if (!line.Json.Contains("DELETE", StringComparison.Ordinal)) at[line.Name] = at.TryGetValue(line.Name, out var before) ? Math.Min(before, increment) : increment;
            increments[increment].Add(line.Json);
        }
        return increments;
    }

    string Pick(params string[] of) => of[Below(of.Length)];

    int Below(int below) => dice.Of(0, below - 1);

    string Day() => string.Create(CultureInfo.InvariantCulture, $"20{10 + Below(12)}-{1 + Below(12):D2}-{1 + Below(28):D2}");

    /// <summary>A resource in one to three versions.</summary>
    void Add(string type, string id, string[] needs, Func<string> rest)
    {
        var versions = Below(4) == 0 ? 2 + Below(2) : 1;
        for (var version = 1; version <= versions; version++)
            lines.Add(new($"{type}/{id}", $$$"""{"resourceType":"{{{type}}}","id":"{{{id}}}","meta":{"versionId":"{{{version}}}","lastUpdated":"2024-0{{{version}}}-01T10:00:00Z"},{{{rest()}}}}""", needs));
        if (Below(12) == 0 && needs.Length > 0) // who is named by an identifier stays
            lines.Add(new($"{type}/{id}", $$"""{"resourceType":"Bundle","type":"transaction","timestamp":"2024-0{{1 + Below(8)}}-15T10:00:00Z","entry":[{"request":{"method":"DELETE","url":"{{type}}/{{id}}"} }]}""", needs));
    }

    void Fill()
    {
        Add("Organization", "o1", [], () => $$"""  "identifier":[{"system":"urn:finess","value":"F1"}],"name":"{{Pick("Un", "Deux")}}" """);
        Add("Practitioner", "d1", [], () => $$""" "identifier":[{"system":"urn:rpps","value":"R1"}],"name":[{"family":"{{Pick("A", "B")}}"}] """);
        Add("PractitionerRole", "r1", [], () => $$""" "practitioner":{"reference":"Practitioner/d1"},"organization":{"reference":"Organization/o1"},"specialty":[{"coding":[{"system":"urn:spec","code":"{{Pick("S1", "S2")}}"}]}] """);
        Add("Medication", "m1", [], () => $$""" "code":{"coding":[{"system":"urn:drugs","code":"M1"}]} """);
        // Of some hospitals two patients are one person, by a link or by the national identity.
        var (linked, shared) = (Below(3) == 0, Below(3) == 0);
        for (var p = 1; p <= 3; p++)
        {
            var same = (linked && p == 2 ? ""","link":[{"type":"replaces","other":{"reference":"Patient/p3"}}]""" : "") + (shared && p != 2
                ? ""","extension":[{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability","extension":[{"url":"identityStatus","valueCoding":{"code":"VALI"}}]}],"identifier":[{"system":"urn:oid:1.2.250.1.213.1.4.10","value":"150017500000001"}]""" : "");
            var patient = $"p{p}";
            string[] known = [$"Patient/{patient}"];
            Add("Patient", patient, [], () => $$""" "gender":"{{Pick("male", "female")}}","birthDate":"19{{40 + Below(50)}}-05-0{{1 + Below(9)}}"{{(Below(4) == 0 ? $",\"deceasedDateTime\":\"{Day()}\"" : "")}}{{same}} """);
            var subject = $$""" "subject":{"reference":"Patient/{{patient}}"} """;
            var provider = Pick("""{"reference":"Practitioner/d1"}""", """{"reference":"Practitioner?identifier=urn:rpps|R1"}""", """{"reference":"PractitionerRole/r1"}""");
            Add("Encounter", $"e{p}", known, () => $$""" "status":"{{Pick("finished", "finished", "cancelled")}}","class":{"code":"IMP"},{{subject}},"serviceProvider":{"reference":"{{Pick("Organization/o1", "Organization?identifier=urn:finess|F1")}}"},"period":{"start":"2020-03-01","end":"2020-03-0{{1 + Below(9)}}"} """);
            Add("Encounter", $"f{p}", known, () => $$""" "status":"finished","class":{"code":"ACUTE"},{{subject}},"partOf":{"reference":"Encounter/e{{p}}"},"participant":[{"individual":{{provider}}}],"period":{"start":"2020-03-01"} """);
            Add("Encounter", $"g{p}", known, () => $$""" "status":"finished","class":{"code":"ACUTE"},{{subject}},"partOf":{"reference":"Encounter/f{{p}}"},"period":{"start":"2020-03-01"} """);
            for (var n = 0; n < 2; n++)
                Add("Condition", $"c{p}{n}", known, () => $$""" {{subject}},"encounter":{"reference":"Encounter/{{Pick("e", "f", "g")}}{{p}}"},"verificationStatus":{"coding":[{"code":"{{Pick("confirmed", "confirmed", "refuted", "entered-in-error")}}"}]},"code":{"coding":[{"system":"urn:x","code":"C{{Below(5)}}"}]},"onsetDateTime":"{{Day()}}","recorder":{{provider}} """);
            Add("MedicationRequest", $"q{p}", [.. known, "Medication/m1"], () => $$""" "status":"{{Pick("active", "completed", "cancelled")}}","intent":"order",{{subject}},"medicationReference":{"reference":"Medication/m1"},"authoredOn":"{{Day()}}","requester":{{provider}} """);
            var more = Below(2) == 0 ? """,{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":70,"unit":"mmHg"}}""" : "";
            Add("Observation", $"b{p}", known, () => $$""" "status":"final","category":[{"coding":[{"code":"vital-signs"}]}],{{subject}},"code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"effectiveDateTime":"{{Day()}}","component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":{{90 + Below(60)}},"unit":"mmHg"} }{{more}}] """);
            Add("DocumentReference", $"n{p}", known, () => $$""" "status":"current",{{subject}},"type":{"text":"Lettre"},"date":"{{Day()}}T10:00:00Z","content":[{"attachment":{"contentType":"text/plain","data":"Qm9uam91cg=="} }] """);
            Add("Coverage", $"y{p}", known, () => $$""" "status":"active","beneficiary":{"reference":"Patient/{{patient}}"},"payor":[{"reference":"Organization/o1","display":"X"}],"period":{"start":"2019-01-01","end":"202{{Below(5)}}-12-31"} """);
            Add("Claim", $"k{p}", known, () => $$""" "status":"active","use":"claim","patient":{"reference":"Patient/{{patient}}"},"item":[{"encounter":[{"reference":"Encounter/e{{p}}"}]}],"total":{"value":{{Below(900)}} } """);
            Add("Consent", $"s{p}", known, () => $$""" "status":"{{Pick("active", "inactive")}}","scope":{"coding":[{"code":"research"}]},"patient":{"reference":"Patient/{{patient}}"},"provision":{"type":"{{Pick("permit", "deny")}}" } """);
        }
    }
}
