using System.Buffers;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Json;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>The resource being mapped: what the mapping of each type reads with and writes to. For one thread; used again for every resource.</summary>
sealed partial class ResourceMapper(RowKeys keys, CodeBook codes, FhirOptions options, Definitions definitions)
{
    readonly Dictionary<byte[], Coded>.AlternateLookup<ReadOnlySpan<byte>> seenCodes = new Dictionary<byte[], Coded>(Utf8Keys.Comparer).GetAlternateLookup<ReadOnlySpan<byte>>();
    readonly Dictionary<byte[], Coded>.AlternateLookup<ReadOnlySpan<byte>> seenCurrencies = new Dictionary<byte[], Coded>(Utf8Keys.Comparer).GetAlternateLookup<ReadOnlySpan<byte>>();
    readonly Dictionary<byte[], PrintedUnit>.AlternateLookup<ReadOnlySpan<byte>> seenUnits = new Dictionary<byte[], PrintedUnit>(Utf8Keys.Comparer).GetAlternateLookup<ReadOnlySpan<byte>>();
    readonly PrintedUnit[] lastUnits = new PrintedUnit[64]; // few are in use
    readonly (byte[] Text, Coded? Code)[] seenConcepts = new (byte[], Coded?)[4096];
    readonly byte[] name = new byte[512];
    readonly LastName[] lastNames = [.. Enumerable.Range(0, 16).Select(_ => new LastName())]; // most types' names differ in length

    /// <summary>Longer ones hold somebody's own words, and come once.</summary>
    const int MostOfConcept = 512;

    IReadOnlyDictionary<string, string>? names;
    int tag;

    /// <summary>The last reference gave the key of an identifier or a role: whom that means is known when everything is, and may change.</summary>
    bool isIndirect;

    public MappedChunk Chunk { get; set; } = new();

    public FhirOptions Options => options;

    /// <summary>Medications and devices that other resources refer to.</summary>
    public Definitions Definitions => definitions;

    public CodeBook Codes => codes;

    public JsonNode Resource { get; private set; }

    public string Type { get; private set; } = "";

    public ResourceKey Key { get; private set; }

    /// <summary>The person the resource is about, once <see cref="TrySubject"/> found it.</summary>
    public long Person { get; set; }

    /// <summary>The identifier by which the resource names its person, as <see cref="Named"/> gives it.</summary>
    public long PersonNamedBy { get; private set; }

    /// <summary>The identifier or role by which the resource names a practitioner, and the identifier by which an organization.</summary>
    public long ProviderNamedBy { get; private set; }

    public long CareSiteNamedBy { get; private set; }

    /// <summary>Rows made so far of this resource.</summary>
    public int RowCount { get; private set; }

    /// <summary>The least precise date that had to stand for a day.</summary>
    public Precision Imputed { get; private set; }

    /// <summary>What was to be read as a reference or a code and is none; null where all were.</summary>
    public string? Unread { get; private set; }

    /// <summary>The stay whose first day is its day; null where it has one of its own.</summary>
    public (long Encounter, int Day)? OfStay { get; private set; }

    /// <summary>The stay whose day it had in an earlier load, which made rows of it; 0 for none.</summary>
    public long Follows { get; set; }

    /// <summary>The identifier that names this stay, and it.</summary>
    (long Name, long Encounter) followed;

    /// <summary>An earlier load took it, as its site chose then, and this one would not.</summary>
    public bool IsTakenBefore { get; private set; }

    /// <summary>Whether a prescription of that intent is an exposure.</summary>
    public bool Takes(JsonNode intent)
    {
        if (options.Intents.Contains(intent.ToString())) return true;
        return IsTakenBefore = Follows != 0;
    }

    public ResourceVersion Version { get; private set; }

    /// <summary>The medication or device that the resource names, or the encounter whose cost it is, once looked for.</summary>
    public long Definition { get; set; }

    /// <summary>What the table of its first row has no place for, where it names a medication or a device.</summary>
    public LeftOut? LeftOut { get; private set; }

    /// <summary>Looks for what a resource refers to by its code.</summary>
    /// <returns>Null and its code, or the fate of the resource.</returns>
    public Fate? TryDefinition(JsonNode reference, string type, string field, out Coded? code)
    {
        Definition = Reference(reference, type);
        if (Definition == Null.Int64 && !reference["reference"u8].Exists && reference["display"u8].TextOrNull is { } words)
        {
            code = Coded.Of(words); // it refers to nothing, and says what it is
            return null;
        }
        if (definitions.TryGet(Definition, out code)) return null;
        return Definition == Null.Int64 ? Fate.Refused(field, "reference-unresolved") : definitions.IsComplete ? Fate.Waits(type == "Device" ? "waiting-device" : "waiting-medication") : Fate.Deferred;
    }

    /// <summary>Tells others what this medication or device is, by its name and by its identifiers.</summary>
    public void Define(Coded code)
    {
        definitions.Add(Key.Key, code, Version);
        foreach (var name in IdentifierNames()) definitions.Add(name, code, Version);
    }

    /// <returns>The contained resource that a reference like <c>#it</c> names.</returns>
    public JsonNode Contained(ReadOnlySpan<byte> reference)
    {
        foreach (var contained in Resource["contained"u8].Items)
            if (contained["id"u8].Is(reference[1..])) return contained;
        return default;
    }

    /// <summary>The resource's id, as it says itself or as its bundle does.</summary>
    public ReadOnlySpan<byte> Id => givenId is null ? Resource["id"u8].Text : Encoding.UTF8.GetBytes(givenId);

    string? givenId;

    /// <param name="bundleId">Its id where its bundle gives it; null where it says it itself.</param>
    public void Begin(JsonNode resource, string type, string? bundleId, ResourceKey key, ResourceVersion version, int resourceTag, IReadOnlyDictionary<string, string>? bundleNames)
    {
        (Resource, Type, givenId, Key, Version, tag, names) = (resource, type, bundleId, key, version, resourceTag, bundleNames);
        (Person, PersonNamedBy, ProviderNamedBy, CareSiteNamedBy) = (Null.Int64, Null.Int64, Null.Int64, Null.Int64);
        codings.Clear();
        (Unread, IsTakenBefore, followed) = (null, false, default);
        (RowCount, Imputed, OfStay, Definition, LeftOut, NamedAs, IsAsked) = (0, Precision.None, null, Null.Int64, null, null, false);
    }

    /// <summary>FHIR R4, section 2.24.0.1: what an id is made of.</summary>
    static readonly SearchValues<byte> IdLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."u8);

    // Dates ----------------------------------------------------------------------------------------------------

    /// <summary>The first of these elements that is there, and is a day of somebody's life.</summary>
    /// <returns>Null and a time that exists, or the fate of a resource without a day.</returns>
    public Fate? TryTime(out FhirTime time, ReadOnlySpan<JsonNode> candidates, string field)
    {
        var isNone = false;
        foreach (var candidate in candidates)
            if (candidate.Exists)
            {
                if (!FhirTime.TryParse(candidate.Text, options.Zone, out time)) return Fate.Refused(field, "date-invalid");
                if (!time.IsOfLife || time.IsOpen)
                {
                    isNone = true;
                    continue;
                }
                if (isNone) Chunk.Count($"{Type}.{field}", "date-out-of-life");
                Chunk.LastDay = Math.Max(Chunk.LastDay, time.Day);
                Impute(time.Precision);
                return null;
            }
        time = FhirTime.None;
        return Fate.Refused(field, isNone ? "date-out-of-life" : "date-missing");
    }

    public const string WaitsForStay = "waiting-encounter";

    /// <summary>As the other; of a resource that gives no day at all it is the one on which its stay began.</summary>
    /// <param name="stay">The stay it refers to.</param>
    public Fate? TryTime(out FhirTime time, ReadOnlySpan<JsonNode> candidates, string field, JsonNode stay)
    {
        if (TryTime(out time, candidates, field) is not { } fate) return null;
        if (fate.Reason != "date-missing" || Visit(stay) is var encounter && encounter == Null.Int64) return fate;
        var isKnown = definitions.Stays.TryGet(encounter, out var began);
        if (Follows != 0 && Follows != encounter)
        {
            // What named it stays with it, though a later version bears another number and another stay that one.
            isKnown &= definitions.Stays.TryGet(Follows, out var before);
            if (isKnown && before.Day != Null.Int32) (began, followed) = (before, (encounter, Follows));
        }
        if (!isKnown) return definitions.Stays.IsFull ? Fate.Waits(WaitsForStay) : Fate.Deferred;
        if (began.Day == Null.Int32) return Fate.Waits(WaitsForStay);
        (time, OfStay) = (new(began.Day, Null.Int64, Precision.Day), began);
        return null;
    }

    /// <summary>Reads an end, which may be missing or stand for none, as 9999-12-31 does: <see cref="FhirTime.None"/> then. A month or a year in which it began ends on no earlier day.</summary>
    /// <returns>Null, or the fate of a resource whose end is no date.</returns>
    public Fate? TryEnd(out FhirTime end, FhirTime start, JsonNode node, string field)
    {
        end = FhirTime.None;
        if (!node.Exists) return null;
        var isOpen = IsOpenAsWritten(node); // whatever the zone makes of it
        if (!FhirTime.TryParse(node.Text, options.Zone, out end) && !isOpen) return Fate.Refused(field, "date-invalid");
        if (isOpen || end.IsOpen)
        {
            end = FhirTime.None;
            Chunk.Count($"{Type}.{field}", "end-open");
            return null;
        }
        Impute(end.Precision);
        // An hour before it began, on the day it began: the day is kept.
        if (end.Day == start.Day && end.Micros != Null.Int64 && start.Micros != Null.Int64 && end.Micros < start.Micros) end = end with { Micros = Null.Int64 };
        else if (end.Day >= start.Day) return null;
        else if (end.Precision is Precision.Year or Precision.Month && Days.Date(start.Day) is var began && Days.Date(end.Day) is var ended && began.Year == ended.Year && (end.Precision == Precision.Year || began.Month == ended.Month))
        {
            end = end with { Day = start.Day };
            return null;
        }
        Chunk.Count($"{Type}.{field}", "end-before-start");
        return null;
    }

    bool IsOpenAsWritten(JsonNode node) => options.Zone is not null && FhirTime.TryParse(node.Text, null, out var written) && written.IsOpen;

    /// <returns>The time, or <see cref="FhirTime.None"/> where it is absent or no date; a note in the report says of the latter, and of days that are nobody's, how many there were.</returns>
    public FhirTime OptionalTime(JsonNode node, string field)
    {
        if (!node.Exists) return FhirTime.None;
        if (!FhirTime.TryParse(node.Text, options.Zone, out var time))
        {
            Chunk.Count($"{Type}.{field}", "date-invalid");
            return FhirTime.None;
        }
        if (!time.IsOfLife || time.IsOpen)
        {
            Chunk.Count($"{Type}.{field}", "date-out-of-life");
            return FhirTime.None;
        }
        Impute(time.Precision);
        return time;
    }

    void Impute(Precision precision)
    {
        if (precision is Precision.Year or Precision.Month && (Imputed == Precision.None || precision < Imputed)) Imputed = precision;
    }

    // Rows -----------------------------------------------------------------------------------------------------

    /// <summary>Key of the next row of this resource.</summary>
    public long NextKey() => Lineage.RowKey(Key.Key, RowCount++);

    /// <summary>Starts a row of a table outside of the event tables, with its key where it has one. End it with <see cref="End"/>.</summary>
    public TableRows Row(CdmTable table)
    {
        var rows = Chunk.Rows(table);
        var key = NextKey();
        if (table.Key >= 0) rows.Put(table.Key, key);
        return rows;
    }

    public void End(TableRows row) => row.End(tag);

    /// <summary>Ends a row of a table that names no person, about the person of this resource.</summary>
    public void EndOfPerson(TableRows row)
    {
        row.Batch.Persons.Append(Person);
        row.End(tag);
    }

    /// <summary>Writes an event to the table of each standard concept its code means, or with concept 0 to the table of its default domain.</summary>
    public void Write(in ClinicalEvent e)
    {
        if (e.Code is { Parts: { Length: > 0 } parts })
        {
            foreach (var part in parts) Write(e with { Code = part });
            return;
        }
        if (e.Code is { IsWords: true })
        {
            Write(e with { Code = null, Default = Domain.Observation, Fixed = true, ValueText = e.Code.Code });
            return;
        }
        // That there is none is nothing that was so.
        if (e.Code is { Absence: not Absence.None } && !(e.Fixed && e.Default == Domain.Observation))
        {
            Write(e with { Default = Domain.Observation, Fixed = true });
            return;
        }
        var meaning = e.Code is null ? null : On(e.Code, e.Start.Day);
        var valueConcept = e.ValueConcept;
        if (meaning is not null && valueConcept == Null.Int32)
            foreach (var target in meaning.Targets)
                if (target.Value) valueConcept = target.Concept;
        var written = false;
        if (meaning is not null)
            foreach (var target in meaning.Targets)
                if (!target.Value)
                {
                    var to = EventColumns.Of(e.Fixed ? e.Default : target.Domain);
                    Write(e, e.IsAnswer && to.ValueConcept < 0 ? EventColumns.Of(Domain.Observation) : to, target.Concept, meaning.Source, valueConcept);
                    written = true;
                }
        if (written) return;
        var columns = EventColumns.Of(e.Default);
        if (e.Code is not null) Unmapped(e.Code, columns.Table);
        Write(e, columns, 0, meaning?.Source ?? 0, valueConcept);
    }

    /// <summary>A code's standard concept on a day, 0 where it has none: then it is told among the unmapped, as of this table.</summary>
    public int Standard(Coded code, CdmTable table, int day) => Standard(On(code, day), code, table);

    /// <summary>As the other, of what has no day: what the code means today.</summary>
    public int Standard(Coded code, CdmTable table) => Standard(code.Meaning, code, table);

    int Standard(CodeMeaning meaning, Coded code, CdmTable table)
    {
        if (!meaning.IsMapped) Unmapped(code, table);
        return meaning.Standard;
    }

    public void Unmapped(Coded code, CdmTable table)
    {
        var key = new UnmappedCode(code.Meaning.Vocabulary, code.Meaning.Code, code.Display, table.Name);
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(Chunk.Unmapped, key, out _)++;
    }

    void Write(in ClinicalEvent e, EventColumns to, int concept, int source, int valueConcept)
    {
        if (RowCount == 0 && Definition != Null.Int64) LeftOut = LeftOut.Of(e, to);
        var rows = Chunk.Rows(to.Table);
        rows.Put(to.Table.Key, NextKey());
        rows.Put(to.Table.Person, e.Person);
        rows.Put(to.Concept, concept);
        rows.Put(to.SourceConcept, source);
        if (e.Code is not null) rows.Put(to.Source, e.Code.Code);
        rows.Put(to.Type, e.Type);
        rows.Put(to.Start, e.Start.Day);
        rows.Put(to.StartTime, e.Start.Micros);
        var end = e.End;
        // The CDM wants an end of every exposure: a drug without one ends the day it began.
        if (to == EventColumns.Drug)
        {
            rows.Put(to.Verbatim, end.Day);
            if (!end.Exists) end = e.Days > 0 && e.Days != Null.Int32 && (long)e.Start.Day + e.Days - 1 <= Days.Last ? new(e.Start.Day + e.Days - 1, Null.Int64, Precision.Day) : e.Start with { Micros = Null.Int64 };
        }
        if (end.Exists && end.Day >= e.Start.Day)
        {
            rows.Put(to.End, end.Day);
            rows.Put(to.EndTime, end.Micros);
        }
        else if (to == EventColumns.Drug) rows.Put(to.End, e.Start.Day);
        rows.Put(to.Visit, e.Visit);
        rows.Put(to.Provider, e.Provider);
        // Where no operator can stand beside it, less than five would be five.
        var bound = to.Operator < 0 ? e.Bound : null;
        rows.Put(to.Number, bound is null ? e.Number : Null.Float64);
        rows.Put(to.Operator, e.Operator);
        rows.Put(to.ValueConcept, valueConcept);
        rows.Put(to.ValueText, bound is not null && e.ValueText is not null ? [.. e.ValueText, .. ": "u8, .. bound] : bound ?? e.ValueText);
        rows.Put(to.ValueSource, e.ValueSource);
        rows.Put(to.Unit, e.Unit);
        rows.Put(to.UnitSource, e.UnitSource);
        rows.Put(to.Low, e.Low);
        rows.Put(to.High, e.High);
        if (!double.IsNaN(e.Quantity) && to.Quantity >= 0)
        {
            if (to.Table.Columns[to.Quantity].Type == ColumnType.Float64) rows.Put(to.Quantity, e.Quantity);
            else if (to.Holds(e.Quantity)) rows.Put(to.Quantity, (int)e.Quantity);
            else if (Definition == Null.Int64) Chunk.Count($"{Type}.quantity", "not-whole"); // else its record keeps it
        }
        rows.Put(to.StopReason, e.StopReason);
        rows.Put(to.Status, e.Status);
        rows.Put(to.StatusSource, e.StatusSource);
        rows.Put(to.Days, e.Days);
        rows.Put(to.Refills, e.Refills);
        rows.Put(to.Sig, e.Sig);
        rows.Put(to.Route, e.Route);
        rows.Put(to.RouteSource, e.RouteSource);
        rows.Put(to.Lot, e.Lot);
        rows.Put(to.DoseUnit, e.DoseUnit);
        rows.Put(to.Qualifier, e.Qualifier);
        rows.End(tag);
    }

    /// <summary>What a reference said last, and its key.</summary>
    sealed class LastName
    {
        readonly byte[] text = new byte[KeyedHash.OneBlock];
        string type = "";
        int length;

        public long Key { get; private set; }

        public bool Is(string wanted, ReadOnlySpan<byte> name) => ReferenceEquals(type, wanted) && name.SequenceEqual(text.AsSpan(0, length));

        public long Set(string of, ReadOnlySpan<byte> name, long key)
        {
            if (name.Length > text.Length) return key;
            name.CopyTo(text);
            (type, length, Key) = (of, name.Length, key);
            return key;
        }
    }
}
