namespace Ambroise.Lake.Releases;

/// <summary>Which table an event belongs to, where COST and FACT_RELATIONSHIP name it by a domain (OMOP CDM 5.4).</summary>
static class EventDomains
{
    /// <summary>By the domain's concept.</summary>
    public static readonly Dictionary<int, string> OfConcept = new()
    {
        [56] = "person",
        [8] = "visit_occurrence",
        [10] = "procedure_occurrence",
        [13] = "drug_exposure",
        [17] = "device_exposure",
        [19] = "condition_occurrence",
        [21] = "measurement",
        [27] = "observation",
        [36] = "specimen",
        [5085] = "note",
    };

    /// <summary>By the domain's name.</summary>
    public static readonly Dictionary<string, string> OfName = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Visit"] = "visit_occurrence",
        ["Procedure"] = "procedure_occurrence",
        ["Drug"] = "drug_exposure",
        ["Device"] = "device_exposure",
        ["Condition"] = "condition_occurrence",
        ["Measurement"] = "measurement",
        ["Observation"] = "observation",
        ["Specimen"] = "specimen",
        ["Visit Detail"] = "visit_detail",
    };
}
