using System.Collections.Frozen;

namespace Ambroise.Lake.Releases;

/// <summary>Which table an event belongs to, where COST and FACT_RELATIONSHIP name it by a domain and EPISODE_EVENT by a field (OMOP CDM 5.4).</summary>
public static class EventDomains
{
    /// <summary>By the domain's concept.</summary>
    public static readonly FrozenDictionary<int, string> OfConcept = new Dictionary<int, string>
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
    }.ToFrozenDictionary();

    /// <summary>By the domain's name.</summary>
    public static readonly FrozenDictionary<string, string> OfName = new Dictionary<string, string>
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
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>By the concept of the field that holds the event's number (vocabulary CDM, class Field). OHDSI's oncology conventions name the first, other ETLs the same five; what stands for no table here is followed nowhere.</summary>
    public static readonly FrozenDictionary<int, string> OfField = new Dictionary<int, string>
    {
        [1147127] = "condition_occurrence",
        [1147094] = "drug_exposure",
        [1147082] = "procedure_occurrence",
        [1147138] = "measurement",
        [1147165] = "observation",
    }.ToFrozenDictionary();
}
