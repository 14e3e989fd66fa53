using System.Buffers.Text;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir.Resources;

/// <summary>Texts: DiagnosticReport and DocumentReference become a NOTE for each text they carry. A report's results are observations of their own.</summary>
static class NoteMap
{
    public static Fate Report(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        var status = r["status"u8];
        if (status.Is("cancelled"u8) || status.Is("entered-in-error"u8) || status.Is("registered"u8)) return Fate.Aside("status", status);
        if (!r["presentedForm"u8].Exists && !r["conclusion"u8].Exists && !r["contained"u8].Exists) return Fate.Aside("no-text");
        if (m.TryTime(out var start, [r["effectiveDateTime"u8], r["effectivePeriod"u8]["start"u8], r["issued"u8]], "effective", r["encounter"u8]) is { } fate) return fate;
        long visit = m.Visit(r["encounter"u8]), provider = m.Provider(r["performer"u8].First);
        var kind = Kind(m, r["code"u8], start.Day);
        foreach (var form in r["presentedForm"u8].Items)
            if (Attachment(m, form, start, visit, provider, kind) is { } refused) return refused;
        if (ResourceMapper.Copy(r["conclusion"u8]) is { } conclusion) Write(m, start, visit, provider, kind, conclusion, "conclusion"u8, r["language"u8]);
        if (ObservationMap.Contained(m, start, visit, provider) is { } unread) return unread;
        if (m.RowCount == 0) return Fate.Aside(r["presentedForm"u8].Exists ? "no-inline-text" : "no-text");
        foreach (var form in r["presentedForm"u8].Items) CountApart(m, form);
        return Fate.Used;
    }

    public static Fate Document(ResourceMapper m)
    {
        var r = m.Resource;
        if (m.TrySubject(r["subject"u8], "subject") is { } nobody) return nobody;
        var status = r["status"u8];
        if (status.Is("superseded"u8) || status.Is("entered-in-error"u8) || r["docStatus"u8].Is("entered-in-error"u8)) return Fate.Aside(status.Is("superseded"u8) ? "status-superseded" : "status-entered-in-error");
        if (m.TryTime(out var start, [r["context"u8]["period"u8]["start"u8], r["date"u8], r["created"u8], r["indexed"u8], Created(r["content"u8])], "date", r["context"u8]["encounter"u8].First) is { } fate) return fate;
        long visit = m.Visit(r["context"u8]["encounter"u8].First), provider = m.Provider(r["author"u8].First);
        var kind = Kind(m, r["type"u8], start.Day);
        foreach (var content in r["content"u8].Items)
            if (Attachment(m, content["attachment"u8], start, visit, provider, kind) is { } refused) return refused;
        if (m.RowCount == 0) return Fate.Aside("no-inline-text");
        foreach (var content in r["content"u8].Items) CountApart(m, content["attachment"u8]);
        return Fate.Used;
    }

    /// <summary>Counts what a resource that has texts gives by its address alone.</summary>
    static void CountApart(ResourceMapper m, JsonNode attachment)
    {
        if (attachment["data"u8].Text.Length == 0 && attachment["url"u8].Exists) m.Chunk.Count($"{m.Type}.attachment", "no-inline-text");
    }

    /// <summary>When one of its contents was made: the last that is asked for the day of a document.</summary>
    static JsonNode Created(JsonNode contents)
    {
        foreach (var content in contents.Items)
            if (content["attachment"u8]["creation"u8] is { Exists: true } creation) return creation;
        return default;
    }

    /// <summary>What kind of text it is, and its title in the document's own words: others call the same code otherwise.</summary>
    static (int Concept, byte[] Title) Kind(ResourceMapper m, JsonNode concept, int day)
    {
        if (m.Code(concept) is not { } code) return (0, []);
        var kind = m.Standard(code, Cdm54.Note, day);
        foreach (var coding in concept["coding"u8].Items)
            if (coding["code"u8].Is(code.Code) && ResourceMapper.Copy(coding["display"u8]) is { } title) return (kind, title);
        return (kind, code.Code);
    }

    /// <summary>Text is decoded; anything else (PDF, CDA) stays in base64, with its type as the note's source.</summary>
    static Fate? Attachment(ResourceMapper m, JsonNode attachment, FhirTime start, long visit, long provider, (int Concept, byte[] Title) kind)
    {
        var data = attachment["data"u8].Text;
        if (data.Length == 0) return null; // by address alone: nothing to keep
        var type = attachment["contentType"u8].Text;
        var language = attachment["language"u8] is { Exists: true } own ? own : m.Resource["language"u8];
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(data.Length)];
        if (Base64.DecodeFromUtf8(data, bytes, out _, out var length) != System.Buffers.OperationStatus.Done) return Fate.Refused("attachment.data", "base64-invalid");
        if (IsText(type) && SentText.Decode(bytes.AsSpan(0, length), type) is var text && !IsCda(text)) Write(m, start, visit, provider, kind, text, SentText.Kind(type), language);
        else Write(m, start, visit, provider, kind, data, [.. SentText.Kind(type), .. ";base64"u8], language);
        return null;
    }

    static bool IsText(ReadOnlySpan<byte> type)
    {
        if (type.Length == 0) return true;
        foreach (var one in TextTypes)
            if (type.Length >= one.Length && Ascii.EqualsIgnoreCase(type[..one.Length], one)) return true;
        return false;
    }

    static readonly string[] TextTypes = ["text/", "application/xml", "application/json", "application/hl7-v3+xml"];

    /// <summary>Whatever type it goes by: its narrative is for whoever can read the document.</summary>
    static bool IsCda(ReadOnlySpan<byte> text) => text[..Math.Min(text.Length, Prolog)] is var prolog && prolog.IndexOf("ClinicalDocument"u8) is var at and > 0 && prolog[at - 1] is (byte)'<' or (byte)':';

    /// <summary>Of a document so many bytes are looked at for its first element.</summary>
    const int Prolog = 4096;

    static void Write(ResourceMapper m, FhirTime start, long visit, long provider, (int Concept, byte[] Title) kind, ReadOnlySpan<byte> text, ReadOnlySpan<byte> source, JsonNode language)
    {
        var note = m.Row(Cdm54.Note);
        note.Put(At.PersonId, m.Person);
        note.Put(At.NoteDate, start.Day);
        note.Put(At.NoteDatetime, start.Micros);
        note.Put(At.NoteTypeConceptId, TypeConcepts.Note);
        note.Put(At.NoteClassConceptId, kind.Concept);
        note.Put(At.NoteTitle, kind.Title);
        if (text.Length > 0) note.Put(At.NoteText, text);
        else note.PutEmpty("note_text");
        note.Put(At.EncodingConceptId, 32678); // UTF-8
        note.Put(At.LanguageConceptId, language.Text.StartsWith("fr"u8) ? 4180190 : language.Text.StartsWith("en"u8) ? 4180186 : 0);
        note.Put(At.ProviderId, provider);
        note.Put(At.VisitOccurrenceId, visit);
        note.Put(At.NoteSourceValue, source);
        m.End(note);
    }

    /// <summary>NOTE's columns, looked up once.</summary>
    static class At
    {
        public static readonly int PersonId = Of("person_id"), NoteDate = Of("note_date"), NoteDatetime = Of("note_datetime"), NoteTypeConceptId = Of("note_type_concept_id"), NoteClassConceptId = Of("note_class_concept_id"), NoteTitle = Of("note_title"), NoteText = Of("note_text"), EncodingConceptId = Of("encoding_concept_id"), LanguageConceptId = Of("language_concept_id"), ProviderId = Of("provider_id"), VisitOccurrenceId = Of("visit_occurrence_id"), NoteSourceValue = Of("note_source_value");

        static int Of(string column) => Cdm54.Note[column].Ordinal;
    }
}
