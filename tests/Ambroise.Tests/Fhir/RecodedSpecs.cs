using Ambroise.Lake.Releases;

namespace Ambroise.Tests.Fhir;

/// <summary>A medication or a device whose code changes: each table has room for some of what its requests say, and whichever they were in, none of it is lost.</summary>
public sealed class RecodedSpecs
{
    const string Patient = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1961-04-02"}""", About = """ "subject":{"reference":"Patient/p1"} """, Named = """ "medicationReference":{"reference":"Medication/m"} """;

    /// <summary>With an end after its start and one before; a quantity of things and a part of one; times and days.</summary>
    static readonly string[] Uses =
    [
        Request("r", """{"quantity":{"value":28.5},"numberOfRepeatsAllowed":2,"expectedSupplyDuration":{"value":28,"unit":"days"}}""", "2020-07-01T08:30:00"),
        Request("s", """{"quantity":{"value":3e9},"numberOfRepeatsAllowed":0}""", "2019-07-01T08:30:00"),
        Request("t", """{"quantity":{"value":28}}"""),
        $$"""{"resourceType":"MedicationAdministration","id":"a","status":"completed",{{About}},{{Named}},"effectivePeriod":{"start":"2020-05-01T06:00:00","end":"2020-05-01T07:00:00"},"dosage":{"text":"\"à jeun\"\n","dose":{"value":1.5,"unit":"mg"},"route":{"coding":[{"system":"urn:routes","code":"PO"}]} } }""",
        $$"""{"resourceType":"DeviceUseStatement","id":"u","status":"active",{{About}},"device":{"reference":"Device/d"},"timingPeriod":{"start":"2020-05-01T06:00:00","end":"2021-05-01T07:00:00"} }""",
        $$"""{"resourceType":"DeviceUseStatement","id":"v","status":"active",{{About}},"device":{"reference":"Device/d"},"timingPeriod":{"start":"2020-05-01","end":"2019-05-01"} }""",
    ];

    static string Request(string id, string dispense, string ends = "") =>
        $$"""{"resourceType":"MedicationRequest","id":"{{id}}","status":"stopped","statusReason":{"coding":[{"system":"urn:reasons","code":"rash"}]},"intent":"order",{{About}},{{Named}},"authoredOn":"2020-05-01","dosageInstruction":[{"text":"CANARI7Q"{{(ends.Length > 0 ? $$""","timing":{"repeat":{"boundsPeriod":{"end":"{{ends}}"} } }""" : "")}},"route":{"coding":[{"system":"urn:routes","code":"PO"}]} }],"dispenseRequest":{{dispense}} }""";

    static string Medication(int version, string code) => $$"""{"resourceType":"Medication","id":"m","meta":{"versionId":"{{version}}"},"code":{"coding":[{"system":"urn:drugs","code":"{{code}}"}]} }""";

    static string Device(int version, string code) => $$"""{"resourceType":"Device","id":"d","meta":{"versionId":"{{version}}"},"type":{"coding":[{"system":"urn:drugs","code":"{{code}}"}]} }""";

    [Fact]
    public void What_drug_exposure_alone_has_room_for_comes_back_with_the_code_of_a_drug()
    {
        using var hospital = new FhirHospital { Codes = SentHospital.Codes };
        var whole = hospital.Load(LoadMode.Replace, Patient, Medication(1, "M2"), Uses[0]);
        string[] columns = ["quantity", "days_supply", "refills", "sig", "route_source_value", "stop_reason", "verbatim_end_date", "drug_exposure_end_datetime"];
        var expected = "28.5|28|2|CANARI7Q|PO|rash|2020-07-01|2020-07-01 08:30:00";
        Assert.Equal([expected], hospital.Rows("drug_exposure", columns));

        hospital.Load(LoadMode.Replace, Patient, Medication(1, "M4"), Uses[0]);
        Assert.Empty(hospital.Rows("drug_exposure", columns));
        Assert.Single(hospital.Rows("observation", "observation_id"));
        Assert.Equal(["", """{"End":18444,"EndTime":1593592200000000,"Quantity":28.5,"StopReason":"rash","Days":28,"Refills":2,"Sig":"CANARI7Q","Route":0,"RouteSource":"PO"}"""], hospital.Rows("source_record", "left_out").Order());
        Assert.All(hospital.FilesAtRest(), bytes => Assert.Equal(-1, bytes.AsSpan().IndexOf("CANARI7Q"u8)));

        Assert.Equal(whole, hospital.Load(LoadMode.Merge, Medication(2, "M2")));
        Assert.Equal([expected], hospital.Rows("drug_exposure", columns));
        Assert.Equal(["", ""], hospital.Rows("source_record", "left_out"));
    }

    [Fact]
    public void From_whatever_table_they_were_in_requests_become_what_they_would_be_in_one_load()
    {
        using var hospital = new FhirHospital { Codes = SentHospital.Codes };
        (string Medication, string Device)[] ways = [("M1", "V2"), ("M3", "V1"), ("M2", "V3"), ("M4", "V5"), ("M6", "V4"), ("M5", "V3"), ("M8", "V2"), ("M7", "V4"), ("M1", "V1")];
        string[] whole = [.. ways.Select(w => hospital.Load(LoadMode.Replace, [Patient, Medication(1, w.Medication), Device(1, w.Device), .. Uses]))];
        hospital.Load(LoadMode.Replace, [Patient, Medication(1, ways[0].Medication), Device(1, ways[0].Device), .. Uses]);
        for (var n = 1; n < ways.Length; n++)
            if (hospital.Load(LoadMode.Merge, Medication(n + 1, ways[n].Medication), Device(n + 1, ways[n].Device)) != whole[n]) Assert.Fail($"from {ways[n - 1]} to {ways[n]}");
    }

    [Fact]
    public void An_erasure_takes_what_was_left_out_with_the_record()
    {
        using var hospital = new FhirHospital { Codes = SentHospital.Codes };
        hospital.Load(LoadMode.Replace, Patient, Patient.Replace("p1", "other", StringComparison.Ordinal).Replace("1961", "1971", StringComparison.Ordinal), Medication(1, "M4"), Uses[0], Uses[0].Replace("p1", "other", StringComparison.Ordinal).Replace("\"r\"", "\"o\"", StringComparison.Ordinal));
        Assert.Equal(2, hospital.Rows("source_record", "left_out").Count(r => r.Contains("CANARI7Q", StringComparison.Ordinal)));
        Erasure.Run(hospital.Lake, [long.Parse(hospital.Query("select person_id from person where year_of_birth = 1961")[0], System.Globalization.CultureInfo.InvariantCulture)], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Single(hospital.Rows("source_record", "left_out"), r => r.Contains("CANARI7Q", StringComparison.Ordinal));
        hospital.Load(LoadMode.Merge, Medication(2, "M2"));
        Assert.Equal(["1971 CANARI7Q"], hospital.Query("select year_of_birth || ' ' || sig from drug_exposure join person using (person_id)"));
    }
}
