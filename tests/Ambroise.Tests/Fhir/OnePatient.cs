using Ambroise.Lake.Releases;

namespace Ambroise.Tests.Fhir;

/// <summary>A patient, and what resources about them say, where a test is about the rest of them.</summary>
static class OnePatient
{
    public const string Patient = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1980-05-06"}""";
    public const string Of = "\"subject\":{\"reference\":\"Patient/p1\"}", By = "\"patient\":{\"reference\":\"Patient/p1\"}", Code = "\"code\":{\"coding\":[{\"system\":\"urn:x\",\"code\":\"q\"}]}", Drug = "\"medicationCodeableConcept\":{\"coding\":[{\"system\":\"urn:x\",\"code\":\"d\"}]}";

    /// <summary>Loads them with the patient: each has one fate.</summary>
    public static FhirHospital Loaded(params string[] lines)
    {
        var hospital = new FhirHospital();
        hospital.Load(LoadMode.Replace, [Patient, .. lines]);
        Assert.Equal(lines.Length + 1, hospital.Report.Fates.Sum(f => f.Count));
        return hospital;
    }
}
