using System.Text;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>QuestionnaireResponse: an observation for each answer, however deep. CarePlan: what it is, and what was done of it.</summary>
static class AnswerMap
{
    public static Fate Questionnaire(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        var status = r["status"u8];
        if (!status.Is("completed"u8) && !status.Is("amended"u8)) return Fate.Aside("status", status);
        if (m.TryTime(out var start, [r["authored"u8], r["meta"u8]["lastUpdated"u8]], "authored") is { } fate) return fate;
        var teller = r["source"u8].Exists ? r["source"u8] : r["author"u8];
        var own = m.IsTo(teller, "Patient") || m.IsTo(teller, "RelatedPerson");
        var about = new ClinicalEvent
        {
            Person = m.Person,
            Start = start,
            Type = own ? TypeConcepts.PatientFilledSurvey : TypeConcepts.Ehr,
            Visit = m.Visit(r["encounter"u8]),
            Provider = own ? Null.Int64 : m.Provider(r["author"u8]),
        };
        var questionnaire = r["questionnaire"u8].ToString().Split('|')[0];
        if (Answers(m, r["item"u8], questionnaire, about) is { } refused) return refused;
        return m.RowCount > 0 ? Fate.Used : Fate.Aside("no-answer");
    }

    /// <returns>Null, or the fate of the whole: an answer is a bound that nobody understands.</returns>
    static Fate? Answers(ResourceMapper m, JsonNode items, string questionnaire, in ClinicalEvent about)
    {
        foreach (var item in items.Items)
        {
            var link = item["linkId"u8].ToString();
            foreach (var answer in item["answer"u8].Items)
            {
                if (!Bound.IsKnown(answer["valueQuantity"u8])) return Fate.Refused("item.answer.value", "value-unparseable");
                if (link.Length > 0 && ObservationMap.HasValue(answer))
                {
                    var e = new ClinicalEvent
                    {
                        Person = about.Person,
                        Start = about.Start,
                        Type = about.Type,
                        Visit = about.Visit,
                        Provider = about.Provider,
                        Default = Domain.Observation,
                        Code = new(Question(m, item, questionnaire, link), item["text"u8].ToString()),
                    };
                    ObservationMap.Values(m, answer, ref e);
                    m.Write(e);
                }
                else
                {
                    answer.Choice("value"u8, out var kind);
                    if (kind.Length > 0) m.Chunk.Count("QuestionnaireResponse.answer", link.Length > 0 ? "type-unused" : "link-missing");
                }
                if (Answers(m, answer["item"u8], questionnaire, about) is { } inner) return inner;
            }
            if (Answers(m, item["item"u8], questionnaire, about) is { } below) return below;
        }
        return null;
    }

    /// <summary>A question is LOINC's where its link or its definition says so; else its questionnaire is its code system, and a site may map it.</summary>
    static CodeMeaning Question(ResourceMapper m, JsonNode item, string questionnaire, string link)
    {
        var bare = link[(link.LastIndexOf('/') + 1)..]; // some forms give the path to the question
        var loinc = bare.Length is >= 5 and <= 9 && bare[^2] == '-' && char.IsAsciiDigit(bare[^1]) && bare.AsSpan(0, bare.Length - 2).IndexOfAnyExceptInRange('0', '9') < 0 ? bare
            : item["definition"u8].ToString() is { } definition && definition.StartsWith("http://loinc.org/", StringComparison.Ordinal) ? definition[(definition.LastIndexOf('/') + 1)..] : null;
        return loinc is null ? m.Codes.Find(questionnaire.Length > 0 ? questionnaire : "questionnaire", link) : m.Codes.Find("http://loinc.org", loinc);
    }

    /// <summary>What a plan of care is (an observation from the day it began), and those of its activities that were carried out: a plan by itself is nothing that happened.</summary>
    public static Fate Plan(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        var status = r["status"u8];
        if (!status.Is("active"u8) && !status.Is("completed"u8)) return Fate.Aside("status", status);
        if (!r["intent"u8].Is("plan"u8) && !r["intent"u8].Is("order"u8)) return Fate.Aside("intent", r["intent"u8]);
        if (m.TryTime(out var start, [r["period"u8]["start"u8], r["created"u8]], "period.start", r["encounter"u8]) is { } fate) return fate;
        long visit = m.Visit(r["encounter"u8]), provider = m.Provider(r["author"u8]);
        foreach (var category in r["category"u8].Items)
            if (!category["coding"u8]["code"u8].Is("assess-plan"u8) && m.CodeOrWords(category) is { } kind)
                m.Write(new() { Person = m.Person, Start = start, Code = kind, Default = Domain.Observation, Fixed = true, Type = TypeConcepts.Ehr, Visit = visit, Provider = provider });
        foreach (var activity in r["activity"u8].Items)
        {
            var detail = activity["detail"u8];
            if (ResourceMapper.IsTrue(detail["doNotPerform"u8]) || !detail["status"u8].Is("completed"u8) && !detail["status"u8].Is("in-progress"u8)) continue;
            if ((m.CodeOrWords(detail["code"u8]) ?? (detail["description"u8].TextOrNull is { } words ? Coded.Of(words) : null)) is not { } done) continue;
            var at = m.OptionalTime(detail["scheduledTiming"u8]["event"u8].First is { Exists: true } timed ? timed : detail["scheduledPeriod"u8]["start"u8], "activity.scheduled");
            m.Write(new() { Person = m.Person, Start = at.Exists ? at : start, Code = done, Default = Domain.Observation, Type = TypeConcepts.Ehr, Visit = visit, Provider = provider });
        }
        return m.RowCount > 0 ? Fate.Used : Fate.Aside("no-activity");
    }

    /// <summary>Who made or changed a resource: kept as a record of the first patient among its targets, without a row in the CDM.</summary>
    public static Fate Provenance(ResourceMapper m)
    {
        foreach (var target in m.Resource["target"u8].Items)
            if (m.TrySubject(target, "target") is null) return Fate.Aside("traced");
        return Fate.Aside("no-patient-among-targets");
    }
}
