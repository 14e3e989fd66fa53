using System.Buffers;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Json;
using Ambroise.Sources.Fhir.Reading;
using Ambroise.Sources.Fhir.Resources;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>Maps the resources of a chunk, those inside of Bundles among them. For one thread at a time.</summary>
/// <param name="emptied">Gives a chunk that served before, to fill anew; null for none.</param>
sealed partial class ChunkMapper(RowKeys keys, CodeBook codes, FhirOptions options, Definitions definitions, Func<MappedChunk?>? emptied = null) : IDisposable
{
    /// <summary>Lines looked at together before they are mapped one by one.</summary>
    const int LinesAhead = KeyedHash.Lanes;

    /// <summary>Of a refused resource, no more than this is kept in the quarantine.</summary>
    const int KeptBytes = 1 << 20;

    static readonly int RecordId = At("source_record_id"), RecordPerson = At("person_id"), RecordType = At("record_type"), RecordName = At("record_name"), RecordVersionAt = At("version_at"),
        RecordVersionName = At("version_name"), RecordOutcome = At("outcome"), RecordRows = At("row_count"), RecordPrecision = At("date_precision"), RecordFile = At("source_file"), RecordLine = At("source_line"), RecordDefinition = At("definition_id"), RecordLeftOut = At("left_out"),
        RecordNamedBy = At("patient_named_by"), RecordProviderBy = At("provider_named_by"), RecordCareSiteBy = At("care_site_named_by"), RecordFingerprint = At("fingerprint"), RecordNamedAs = At("named_as"), RecordCodings = At("codings"), RecordStay = At("stay_id"), RecordStayDay = At("stay_day"), RecordStayText = At("stay_text");

    static int At(string column) => Cdm54.SourceRecord[column].Ordinal;

    static readonly byte[] NoStatus = [(byte)'?'];

    readonly Dictionary<string, byte[]> texts = [];
    (string Word, byte[] Bytes) lastText = ("", []);
    readonly JsonTape tape = new();
    readonly ResourceMapper mapper = new(keys, codes, options, definitions);
    readonly Fingerprints fingerprints = new(codes, options, definitions);
    readonly ReadOnlyMemory<byte>[] ahead = new ReadOnlyMemory<byte>[LinesAhead];

    /// <summary>Asks for resources again, by key, version and the definition they name: their texts are then handed over.</summary>
    public Func<ResourceKey, ResourceVersion, long, bool>? Collects { get; init; }

    /// <summary>See <see cref="ResourceMapper.EncountersAsked"/>.</summary>
    public IReadOnlySet<long>? EncountersAsked
    {
        get => mapper.EncountersAsked;
        set => mapper.EncountersAsked = value;
    }

    /// <summary>See <see cref="ResourceMapper.IsAsked"/>: of the resource that <see cref="Collects"/> is asked about.</summary>
    public bool IsAsked => mapper.IsAsked;

    /// <summary>When deletions were that nobody tells the time of.</summary>
    public DateTimeOffset LoadedAt { get; init; }

    MappedChunk chunk = new();
    MappedType? mapped;

    /// <summary>One that the type may have: mostly the next one's too.</summary>
    byte[] lastStatus = NoStatus;
    DateTimeOffset asOf;
    string file = "";
    byte[] fileText = [];
    long line;

    public MappedChunk Map(InputChunk input)
    {
        Begin(input.File.Name, input.FirstLine);
        asOf = input.File.AsOf ?? LoadedAt;
        mapper.Follows = 0;
        var whole = input.Bytes.AsMemory(0, input.Length);
        if (input.IsDocument) Document(whole, isFile: true);
        else Lines(whole, input.Ends);
        input.Release();
        return chunk;
    }

    public MappedChunk Map(IEnumerable<DeferredResource> deferred)
    {
        Begin("", 0);
        foreach (var one in deferred)
        {
            if (file != one.File) (file, fileText) = (one.File, Encoding.UTF8.GetBytes(one.File));
            (line, mapper.Follows) = (one.Line, one.Stay);
            if (tape.Read(one.Json) is null) Resource(tape.Root, one.Id, one.Names);
        }
        return chunk;
    }

    void Begin(string name, long firstLine)
    {
        (chunk, file, fileText, line) = (emptied?.Invoke() ?? new(), name, Encoding.UTF8.GetBytes(name), firstLine);
        mapper.Chunk = chunk;
    }

    void Lines(ReadOnlyMemory<byte> text, ReadOnlySpan<int> ends)
    {
        for (int from = 0, next = 0; from < text.Length;)
        {
            var count = 0;
            for (; count < ahead.Length && from < text.Length; count++)
            {
                var end = next < ends.Length ? ends[next++] : text.Length;
                ahead[count] = text[from..end];
                from = end + 1;
                Foresee(ahead[count].Span);
            }
            keys.HashForeseen();
            for (var n = 0; n < count; n++, line++)
                if (ahead[n].Span.IndexOfAnyExcept(" \t\r"u8) >= 0) Document(ahead[n]);
        }
    }

    /// <summary>Most servers begin a line with the resource's type and id. What is read wrong here costs a hash that nobody asks for.</summary>
    void Foresee(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> first = "{\"resourceType\":\""u8, second = "\",\"id\":\""u8;
        if (!text.StartsWith(first)) return;
        text = text[first.Length..];
        var end = text[..Math.Min(text.Length, KeyedHash.OneBlock)].IndexOf((byte)'"');
        if (end < 0 || !text[end..].StartsWith(second)) return;
        var id = text[(end + second.Length)..];
        var idEnd = id[..Math.Min(id.Length, KeyedHash.OneBlock)].IndexOf((byte)'"');
        if (idEnd > 0) keys.Foresee(text[..end], id[..idEnd]);
    }

    /// <param name="isFile">Whether a file is this document, rather than one a line.</param>
    void Document(ReadOnlyMemory<byte> text, bool isFile = false)
    {
        if (tape.Read(text) is { } reason)
        {
            // Within a character too.
            if (isFile && reason is ("json-invalid" or "utf8-invalid") && JsonGrammar.EndsEarly(text.Span, JsonTape.MaxDepth)) chunk.Rejected.Add(new("file", file, line + text.Span.Count((byte)'\n'), null, "file-truncated", null, default));
            else Refuse("unknown", null, reason, null, text);
        }
        else if (tape.Root["resourceType"u8].Is("Bundle"u8))
        {
            counted = isFile ? (0, 1) : null;
            Bundle(tape.Root);
        }
        else Resource(tape.Root, null, null);
    }

    /// <param name="bundleId">Its id where its bundle gives it; null where it says it itself.</param>
    void Resource(JsonNode resource, string? bundleId, IReadOnlyDictionary<string, string>? names)
    {
        var typeText = resource["resourceType"u8].Text;
        if (typeText.Length == 0)
        {
            Refuse("unknown", "resourceType", "resource-type-missing", null, resource.Whole);
            return;
        }
        // Those of one type mostly come together.
        if (mapped is null || !typeText.SequenceEqual(mapped.Text))
        {
            var named = Encoding.UTF8.GetString(typeText);
            if (!ResourceTypes.Maps.TryGetValue(named, out var found))
            {
                if (ResourceTypes.Known.Contains(named)) chunk.Count(named, "type-unused");
                else chunk.Count("unknown", "type-unknown");
                return;
            }
            (mapped, lastStatus) = (found, NoStatus);
        }
        var type = mapped.Name;
        var id = bundleId is null ? resource["id"u8].Text : Encoding.UTF8.GetBytes(bundleId);
        if (id.Length == 0 || id.IndexOf("\uFFFD"u8) >= 0) // which letter stood there nobody knows
        {
            Refuse(type, "id", "id-missing", null, resource.Whole);
            return;
        }
        if (resource.IsModified || resource["implicitRules"u8].Exists)
        {
            RefuseTurned(type, resource.IsModified, resource);
            return;
        }
        if (resource["status"u8] is { Exists: true } status && !status.Is(lastStatus))
        {
            if (!mapped.HasStatus(status.Text))
            {
                Refuse(type, "status", "code-unknown", null, resource.Whole);
                return;
            }
            lastStatus = status.Text.ToArray();
        }
        if (ElementTypes.Wrong(resource, type) is { } wrong)
        {
            Refuse(type, wrong.Element, wrong.Reason, null, resource.Whole);
            return;
        }
        var key = keys.Own(typeText, id);
        var meta = resource["meta"u8];
        var updated = FhirTime.TryParse(meta["lastUpdated"u8].Text, TimeZoneInfo.Utc, out var time) && time.Precision == Precision.Time ? time.Micros : long.MinValue;
        var number = meta["versionId"u8].TryNumber(out var parsed) && parsed is > 0 and < 1e15 ? (long)parsed : 0;
        // What an entry of a bundle says depends on its bundle too: it is never taken for a resource of its own.
        var isOfBundle = names is { Count: > 0 };
        var version = new ResourceVersion(updated, number, XxHash3.HashToUInt64(resource.Whole.Span, isOfBundle ? 1 : 0));
        mapper.Begin(resource, type, bundleId, key, version, chunk.Seen.Count, names);
        var fate = mapped.Map(mapper);
        if (mapper.Unread is { } unread && fate.Kind != FateKind.Refused) fate = Fate.Refused(unread, "value-unparseable");
        if (Collects?.Invoke(key, version, mapper.Definition) == true) chunk.Collected.Add(new(type, key.Key, mapper.Person, new(file, line, resource.Whole.ToArray(), bundleId, names)));
        switch (fate.Kind)
        {
            case FateKind.Deferred:
                chunk.Deferred.Add(new(file, line, resource.Whole.ToArray(), bundleId, names));
                return;
            case FateKind.Waits:
                chunk.WaitIn.Add(file);
                chunk.Seen.Add(new(key, version, type, fate.Reason, line));
                return;
            case FateKind.Refused:
                // Rows made before the fault showed have a tag of their own, that drops them.
                if (mapper.RowCount > 0) chunk.Seen.Add(new(key, version, type, "", line));
                Refuse(type, fate.Field, fate.Reason, mapper.Person == Null.Int64 ? null : mapper.Person, resource.Whole);
                return;
        }
        var outcome = Plain(fate.Reason);
        if (mapper.Person != Null.Int64) Record(mapped.Text, id, key, version, meta, outcome, isOfBundle, mapper.OfStay is null ? default : new(file, line, resource.Whole.ToArray(), bundleId, names));
        chunk.Seen.Add(new(key, version, type, outcome, line));
    }

    /// <param name="whole">The resource, where its day is that of its stay.</param>
    void Record(byte[] type, ReadOnlySpan<byte> id, ResourceKey key, ResourceVersion version, JsonNode meta, string outcome, bool isOfBundle, DeferredResource whole)
    {
        var row = chunk.Rows(Cdm54.SourceRecord);
        row.Put(RecordId, key.Key);
        row.Put(RecordPerson, mapper.Person);
        row.Put(RecordType, type);
        Span<byte> name = id.Length < 256 ? stackalloc byte[type.Length + 1 + id.Length] : new byte[type.Length + 1 + id.Length];
        type.CopyTo(name);
        name[type.Length] = (byte)'/';
        id.CopyTo(name[(type.Length + 1)..]);
        row.Put(RecordName, name);
        row.Put(RecordVersionAt, version.Updated);
        row.Put(RecordVersionName, meta["versionId"u8].Text);
        row.Put(RecordOutcome, Text(outcome));
        row.Put(RecordRows, mapper.RowCount);
        if (mapper.OfStay is { } stay)
        {
            row.Put(RecordPrecision, StayDays.Precision);
            row.Put(RecordStay, stay.Encounter);
            row.Put(RecordStayDay, stay.Day);
            if (whole.Json.Length <= StayDays.MostText) row.Put(RecordStayText, WaitingResources.Text(whole));
        }
        else if (mapper.Imputed != Precision.None) row.Put(RecordPrecision, mapper.Imputed == Precision.Year ? "year"u8 : "month"u8);
        row.Put(RecordFile, fileText);
        row.Put(RecordLine, line);
        row.Put(RecordDefinition, mapper.Definition);
        row.Put(RecordLeftOut, mapper.LeftOut?.ToJson());
        row.Put(RecordNamedBy, mapper.PersonNamedBy);
        row.Put(RecordProviderBy, mapper.ProviderNamedBy);
        row.Put(RecordCareSiteBy, mapper.CareSiteNamedBy);
        if (mapper.NamedAs is { Count: > 0 } namedAs) row.Put(RecordNamedAs, EncounterNames.Text(CollectionsMarshal.AsSpan(namedAs), stackalloc byte[64]));
        row.Put(RecordCodings, mapper.Codings);
        if (!isOfBundle && !mapper.IsTakenBefore) row.Put(RecordFingerprint, fingerprints.Of(version.Hash, mapper.Definition, mapper.OfStay?.Day ?? Null.Int32));
        row.End(chunk.Seen.Count);
    }

    /// <summary>A word of few, mostly the last one again.</summary>
    byte[] Text(string word)
    {
        if (ReferenceEquals(word, lastText.Word)) return lastText.Bytes;
        if (!texts.TryGetValue(word, out var bytes)) texts[word] = bytes = Encoding.UTF8.GetBytes(word);
        lastText = (word, bytes);
        return bytes;
    }

    public void Dispose() => keys.Dispose();

    /// <summary>Refuses a resource whose meaning something may turn round: a modifier extension, of which we know none, or rules of its sender's own.</summary>
    void RefuseTurned(string type, bool isModified, JsonNode resource) =>
        Refuse(type, isModified ? "modifierExtension" : "implicitRules", isModified ? "modifier-unknown" : "rules-unknown", null, resource.Whole);

    void Refuse(string type, string? field, string reason, long? person, ReadOnlyMemory<byte> text) =>
        chunk.Rejected.Add(new(type, file, line, field, reason, person, text.Length > KeptBytes ? default : text.ToArray()));

    static readonly SearchValues<char> Codelike = SearchValues.Create("abcdefghijklmnopqrstuvwxyz-");

    /// <summary>A reason made of the source's own words is let through only where it looks like a code.</summary>
    static string Plain(string reason) => reason.Length <= 40 && !reason.AsSpan().ContainsAnyExcept(Codelike) ? reason : $"{reason[..Math.Max(0, reason.IndexOf('-', StringComparison.Ordinal))]}-other";
}
