using System.Collections.Concurrent;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Mapping;
using Ambroise.Sources.Fhir.Reading;

namespace Ambroise.Sources.Fhir;

/// <summary>A folder of FHIR R4 as OMOP tables: read and mapped once, on every core, into rows staged by table; then handed out table by table.</summary>
/// <remarks>docs/mapping/fhir.md says what becomes of each resource.</remarks>
public sealed partial class FhirSource : IRecordSource, IDisposable
{
    /// <summary>The guide whose narrative rules are followed.</summary>
    const string Guide = "HL7 FHIR to OMOP 2.0.0-ballot";

    static readonly CdmTable[] Given =
    [
        Cdm54.Person, Cdm54.Death, Cdm54.VisitOccurrence, Cdm54.VisitDetail, Cdm54.ConditionOccurrence, Cdm54.DrugExposure, Cdm54.ProcedureOccurrence, Cdm54.DeviceExposure, Cdm54.Measurement,
        Cdm54.Observation, Cdm54.Note, Cdm54.Specimen, Cdm54.PayerPlanPeriod, Cdm54.Location, Cdm54.CareSite, Cdm54.Provider, Cdm54.Cost, Cdm54.CdmSource, Cdm54.PersonIdentity, Cdm54.ConsentRecord, Cdm54.SourceRecord, Cdm54.MergedPatient,
    ];

    /// <summary>Resources whose place in the index is fetched before they are looked up.</summary>
    const int Lookahead = 8;

    /// <summary>A chunk whose rows took more than this many bytes is not used again.</summary>
    const long MostKept = 32 << 20;

    /// <summary>Of a resource: what the index makes room for at first.</summary>
    const int UsualBytes = 1500;

    /// <summary>For so many bytes of the memory a resource is indexed there: a quarter of it at most.</summary>
    const int IndexedBytes = 256;

    /// <summary>For so many bytes of the memory one identifier of an encounter is held: a fortieth of it at most.</summary>
    const int StayBytes = 1024;

    /// <summary>Of the memory this part at most is texts of records that wait for the day of their stay; more of them are read again.</summary>
    const int DeferredShare = 8;

    /// <summary>Texts of more bytes than this are read again, rather than held to the end.</summary>
    const long MostHeld = 64 << 20;

    /// <summary>Of a release of an earlier version of the program so many costs go to the shards of their patients in one load, some 30 MB; others stay shared until the next.</summary>
    const int MostClaims = 1 << 20;

    readonly FhirFolder folder;
    readonly CodeBook codes;
    readonly ReadOnlyMemory<byte> key;
    readonly long memoryBytes;
    readonly int threads;
    readonly TimeProvider clock;
    readonly ResourceIndex index;
    readonly PersonLinks links = new();
    readonly PersonChanges changes = new();
    readonly MergedPatients aside = new();
    readonly Traits traits = new();
    readonly NewsOfPatients news = new();
    readonly List<(Batch Persons, Batch Places)> apart = [];
    readonly Definitions definitions = new();
    readonly RefusedResources refused = new();
    readonly Dictionary<(string Type, string Reason), long> counts = [];
    readonly Dictionary<long, long> aliases = [], partOf = [], costsOf = [], claims = [];
    readonly Dictionary<long, (int Specialty, string Source, long CareSite)> roles = [];
    readonly Dictionary<(string Vocabulary, string Code, string Table), (string Display, long Count)> unmapped = [];
    readonly Dictionary<(string Type, string Table), long> rowCounts = [];
    readonly HashSet<long> persons = [], gone = [];
    readonly List<(long Key, int Seq)> patients = [];
    readonly List<Fact> facts = [];
    readonly List<(int Seq, long Record, long Practitioner, int Specialty, string Source, long CareSite)> toldRoles = [];
    readonly List<(int Seq, long Person, (int Day, long Time) At)> deaths = [];
    readonly Dictionary<long, (int Day, long Time, bool Told)> died = [];
    readonly HashSet<long> buried = [], roleless = [];
    readonly Dictionary<(long Means, string Type, string Column), long> unresolved = [];
    readonly List<(long Name, long Encounter)> earlierEncounters = [];

    /// <summary>By what encounters may be named; null where they are more than are held: their resources are then gone through once more.</summary>
    List<(int Seq, long Name, long Encounter)>? stayNames = [];

    readonly HashSet<long> namedEncounters = [], namedPatients = [], brought = [], touched = [];
    readonly HashSet<long> servers = [];
    readonly HashSet<string> waitIn = [];
    readonly Dictionary<string, long> taken = [];
    IEnumerable<KeptRecord> earlierWaiting = [];

    /// <summary>What was mapped once every definition was known, some of it to wait for one.</summary>
    List<DeferredResource> held = [];

    /// <summary>Numbers of what earlier loads kept waiting and this one took up; up to where those are that followed their stay.</summary>
    int waitedFrom = -1, waitedTo, followedTo;

    EarlierRelease? earlierRelease;
    Func<long, bool> isWritten = static _ => true;
    ArrayShelf? shelf;
    bool isMerge;
    KeptLinks kept = new();
    FhirOptions options;
    int lastDay = int.MinValue;
    StagedRows? staged;
    string runs = "";

    /// <param name="key">The tenant's key for names of resources; must outlive this.</param>
    /// <param name="memoryBytes">Bound on the rows held in memory before they are sealed on disk.</param>
    public FhirSource(FhirFolder folder, CodeBook codes, FhirOptions options, ReadOnlyMemory<byte> key, long memoryBytes, int threads, TimeProvider clock) =>
        (this.folder, this.codes, this.options, this.key, this.memoryBytes, this.threads, this.clock, index) = (folder, codes, options, key, memoryBytes, threads, clock,
            new(folder.Files.Sum(f => f.Bytes) / UsualBytes, (int)Math.Min(int.MaxValue, memoryBytes / IndexedBytes), () => new(runs)));

    /// <summary>The resource types that are read.</summary>
    public static IReadOnlyCollection<string> Types => Resources.ResourceTypes.Maps.Keys;

    /// <summary>What is read, and which tables it fills.</summary>
    public static MappingManifest Manifest { get; } = MappingManifest.Of(Guide);

    public string Description => $"fhir {folder.Name}";

    public IReadOnlyCollection<CdmTable> Tables => Given;

    /// <summary>Called with the number of input bytes mapped so far, of all.</summary>
    public Action<long>? Progressed { get; set; }

    public IReadOnlySet<long> Touched => touched;

    public void Written(ReleaseWriter by) => (isWritten, shelf) = (by.Holds, by.Shelf);

    public void Begin(EarlierRelease earlier, byte[]? links, IEnumerable<KeptRecord> waiting, string runs, LongTexts apart, CancellationToken cancel)
    {
        (staged, this.runs) = (new(runs, memoryBytes, apart), runs);
        kept = KeptLinks.Parse(links);
        options = options with { NumberSystems = [.. options.NumberSystems.Union(kept.NumberSystems, StringComparer.Ordinal).Order(StringComparer.Ordinal)] };
        (earlierRelease, earlierWaiting) = (earlier, waiting);
        isMerge = earlier.Exists;
        definitions.Know(kept.Defined, [.. kept.Codes.Select(c => Coded.Of(codes, c.Vocabulary, c.Code, c.Display))]);
        ReadAll(cancel);
        TellServers();
        Recode(earlier);
        foreach (var known in kept.Versions) Compare(known);
        Compare(earlier, cancel);
        earlierEncounters.AddRange(EarlierEncounters(earlier, namedEncounters));
        Connect();
        foreach (var (patient, seq) in patients)
            if (!index.IsDead(seq)) persons.Add(patient);
        persons.UnionWith(changes.MergedBefore);
        NamePatients();
        if (isMerge) NamePlaces(earlier);
        // A release that replaces all there is by nobody is a mistake; the first of several may bring its patients later.
        if (persons.Count == 0 && !earlier.IsMerge) throw new Failure(FailureKind.Invalid, "load.no-person", $"{Description} has no Patient that can be used: nothing was loaded. If a later load brings them, say --mode merge.{Unread()}").AsException();
        this.links.Settle(persons);
        foreach (var patient in this.links.Merged)
            if (index.TryGet(patient, out var seq, out _) && !index.IsDead(seq)) index.End(seq, "merged");
        if (changes.Decide(this.links, persons.Contains) | brought.Any(p => !persons.Contains(p)))
        {
            traits.Ask(changes.Decisions);
            ComeTogetherAndApart(earlier);
        }
        if (changes.Renamed.Count > 0) changes.Move(earlier.RecordsWith("patient_named_by", changes.Renamed.Keys.ToHashSet(), MovedColumns), this.links, gone, persons.Contains);
        foreach (var (seq, person, at) in deaths)
            if (seq < 0 || !index.IsDead(seq) || index.Outcome(seq) == "merged") Died(this.links.Person(person), at, seq != InTables);
        HearConsents(earlier);
        LeaveRooms(earlier);
        if (isMerge) TouchPersons(earlier);
        Nest(earlier);
    }

    /// <summary>How much could not be read, and where that begins; empty where all could. Without its content.</summary>
    string Unread() => refused.First is { } first ? $" Quarantined: {refused.Counts.Values.Sum()}, the first {first.File}, line {first.Line} ({first.Reason})." : "";

    /// <returns>The person of a patient, by the patient's key or by one that stands for an identifier; of whom nobody knows, the key itself. Once the load has begun.</returns>
    public long PersonOf(long patient) => links.Person(aliases.GetValueOrDefault(patient, patient));

    /// <summary>A death that no Patient's record tells of.</summary>
    const int InTables = -2;

    /// <summary>A note for the report: what was done outside of the tables.</summary>
    /// <param name="of">Type and what of it, as <c>Consent.opposition</c>.</param>
    public void Note(string of, string what, long count)
    {
        if (count > 0) counts[(of, what)] = count;
    }

    void ReadAll(CancellationToken cancel)
    {
        var (emptied, now) = (new ConcurrentBag<MappedChunk>(), clock.GetUtcNow());
        using var mappers = new ThreadLocal<ChunkMapper>(() => new(new(key), codes, options, definitions, () => emptied.TryTake(out var chunk) ? chunk : null) { LoadedAt = now }, trackAllValues: true);
        var early = new ConcurrentQueue<Rejected>();
        using var buffers = new InputBuffers();
        IEnumerable<InputChunk> Chunks()
        {
            long before = 0;
            foreach (var file in folder.Files)
            {
                foreach (var chunk in ChunkReader.Read(file, buffers, early.Enqueue, cancel)) yield return chunk;
                Progressed?.Invoke(before += file.Bytes);
            }
        }
        var (deferred, deferredBytes) = (new List<DeferredResource>(), 0L);
        foreach (var chunk in threads == 1 ? Chunks().Select(c => mappers.Value!.Map(c)) : Workers.Map(Chunks(), c => mappers.Value!.Map(c), threads, cancel))
        {
            cancel.ThrowIfCancellationRequested();
            deferred.AddRange(chunk.Deferred);
            deferredBytes += chunk.Deferred.Sum(d => (long)d.Json.Length);
            if (deferredBytes > memoryBytes / DeferredShare) definitions.Stays.IsFull = true;
            Take(chunk);
            if (chunk.Bytes > MostKept) continue;
            chunk.Clear();
            emptied.Add(chunk);
        }
        definitions.IsComplete = true;
        var (undated, undatedBefore, areMore) = (new List<DeferredResource>(), new List<DeferredResource>(), definitions.Stays.IsFull);
        definitions.Stays.IsFull = false;
        List<DeferredResource> Late(IEnumerable<DeferredResource> some, ulong? earlier = null)
        {
            var chunk = mappers.Value!.Map(some);
            if (earlier is { } hash)
                foreach (ref var seen in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(chunk.Seen)) seen = seen with { Version = seen.Version with { Hash = hash } };
            Take(chunk);
            return chunk.Deferred;
        }
        foreach (var some in WaitingResources.Portions(deferred)) undated.AddRange(Late(some));
        index.Settle();
        if (!definitions.Changed.IsEmpty) MapAgain(mappers.Value!, buffers, static (_, definition, changed) => changed.ContainsKey(definition), cancel);
        FindFollowers(earlierRelease!);
        foreach (var some in WaitingResources.Portions(Followers())) namedEncounters.UnionWith(mappers.Value!.Map(some).NamedEncounters); // asks for their stays
        var staysAsked = kept.OpenStays.ToHashSet();
        if (stayNames is null)
        {
            // What waited may name some too.
            foreach (var some in WaitingResources.Portions(earlierWaiting.Select(WaitingResources.Read))) namedEncounters.UnionWith(mappers.Value!.Map(some).NamedEncounters);
            staysAsked.UnionWith(namedEncounters);
            mappers.Value!.EncountersAsked = staysAsked;
            if (staysAsked.Count > 0) MapAgain(mappers.Value!, buffers, static (collector, _, _) => collector.IsAsked, cancel);
        }
        waitedFrom = index.Count;
        var waitingBytes = 0L;
        DeferredResource Taken(KeptRecord one)
        {
            taken[one.Type] = taken.GetValueOrDefault(one.Type) + 1;
            return WaitingResources.Read(one);
        }
        foreach (var some in WaitingResources.Portions(earlierWaiting.Select(Taken)))
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var one in Late(some, ResourceVersion.Waited))
            {
                waitingBytes += one.Json.Length;
                if (waitingBytes <= memoryBytes / DeferredShare) undatedBefore.Add(one);
            }
        }
        // A stay may have waited too: only now all are known.
        TellStays(earlierRelease!);
        if (waitingBytes <= memoryBytes / DeferredShare)
            foreach (var some in WaitingResources.Portions(undatedBefore)) Late(some, ResourceVersion.Waited);
        else
        {
            // More than are held: all are looked at again, for those that have no number yet.
            undatedBefore.Clear();
            using var reading = new ChunkMapper(new(key), codes, options, definitions) { Collects = (of, version, definition) => !index.TryGet(of.Key, out var seq, out var newest) || newest.CompareTo(version with { Hash = ResourceVersion.Waited }) < 0 };
            foreach (var some in WaitingResources.Portions(earlierWaiting.Select(WaitingResources.Read))) Late(reading.Map(some).Collected.Select(c => c.Resource).ToList(), ResourceVersion.Waited);
        }
        waitedTo = index.Count;
        foreach (var some in WaitingResources.Portions(Followers())) Late(some, ResourceVersion.Followed);
        followedTo = index.Count;
        foreach (var some in WaitingResources.Portions(undated)) Late(some);
        if (areMore) MapAgain(mappers.Value!, buffers, static (_, _, _) => true, cancel, ResourceMapper.WaitsForStay);
        else if (waitIn.Count > 0 && deferredBytes <= MostHeld)
        {
            held = [.. deferred.OrderBy(d => d.File, StringComparer.Ordinal).ThenBy(d => d.Line)];
            waitIn.Clear();
        }
        staysAsked.UnionWith(namedEncounters);
        foreach (var (seq, name, encounter) in stayNames ?? [])
            if (staysAsked.Contains(name)) facts.Add(new(FactKind.Name, seq, name, encounter));
        stayNames = null;
        foreach (var mapper in mappers.Values) mapper.Dispose();
        refused.Add(early, staged!);
    }

    /// <summary>Maps some resources once more: those that name a medication or a device whose versions differ in their code, for only now it is known which of them counts; encounters that others name by an identifier; and what
    /// waits for the day of its stay.</summary>
    /// <param name="wanted">By the mapper that reads it, the definition it names, and those that changed.</param>
    /// <param name="waitsFor">Takes those alone that wait for this, from the files they came in.</param>
    void MapAgain(ChunkMapper mapper, InputBuffers buffers, Func<ChunkMapper, long, ConcurrentDictionary<long, bool>, bool> wanted, CancellationToken cancel, string? waitsFor = null)
    {
        ChunkMapper? collector = null;
        using var reading = collector = new ChunkMapper(new(key), codes, options, definitions)
        {
            EncountersAsked = mapper.EncountersAsked,
            Collects = (of, version, definition) => wanted(collector!, definition, definitions.Changed) && index.TryGet(of.Key, out var seq, out var newest) && newest == version && (waitsFor is null ? !index.IsDead(seq) : index.Outcome(seq) == waitsFor),
        };
        var given = new HashSet<long>();
        foreach (var chunk in folder.Files.Where(f => waitsFor is null || waitIn.Contains(f.Name)).SelectMany(f => ChunkReader.Read(f, buffers, static _ => { }, cancel)).Select(collector.Map))
            Take(mapper.Map(chunk.Collected.Where(c => given.Add(c.Key)).Select(c => c.Resource).ToList()), again: true);
    }

    /// <summary>Numbers a chunk's resources and stages its rows.</summary>
    /// <param name="again">Resources that were taken before.</param>
    void Take(MappedChunk chunk, bool again = false)
    {
        var first = index.Count;
        var all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(chunk.Seen);
        for (var i = 0; i < all.Length; i++)
        {
            ref readonly var seen = ref all[i];
            var seq = again ? index.AddAgain(seen) : index.Add(seen);
            if (seen is { Type: "Patient", Outcome: ResourceIndex.Used }) patients.Add((seen.Key.Key, seq));
        }
        foreach (var rows in chunk.Tables)
        {
            rows.Finish();
            foreach (ref var tag in rows.Tags.Values) tag += first;
            if (isMerge && rows.Batch.Table == Cdm54.SourceRecord) news.Add(rows.Batch);
            if (rows.Batch.Table != Cdm54.Death) staged!.Add(rows.Batch, rows.Tags);
        }
        namedPatients.UnionWith(chunk.NamedPatients);
        namedEncounters.UnionWith(chunk.NamedEncounters);
        waitIn.UnionWith(chunk.WaitIn);
        if (stayNames is not null)
        {
            foreach (var (tag, name, encounter) in chunk.StayNames) stayNames.Add((first + tag, name, encounter));
            if (waitedFrom < 0 && stayNames.Count > memoryBytes / StayBytes) stayNames = null; // what waited is few
        }
        servers.UnionWith(chunk.Servers);
        foreach (var (tag, text, decision) in chunk.Consents) consents.Add((first + tag, text, decision));
        lastDay = Math.Max(lastDay, chunk.LastDay);
        refused.Add(chunk.Rejected, staged!);
        foreach (var (of, count) in chunk.Counts) counts[of] = counts.GetValueOrDefault(of) + count;
        foreach (var fact in chunk.Facts) facts.Add(fact with { Tag = first + fact.Tag });
        foreach (var role in chunk.Roles) toldRoles.Add((first + role.Tag, role.Record, role.Practitioner, role.Specialty, role.Source, role.CareSite));
        if (chunk.Tables.Find(t => t.Table == Cdm54.Death) is { } ends)
            for (var row = 0; row < ends.Batch.Rows; row++)
                deaths.Add((ends.Tags.Array[row], ends.Batch.Int64("person_id").Array[row], (ends.Batch.Int32("death_date").Array[row], ends.Batch.Int64("death_datetime").Array[row])));
        foreach (var (code, count) in chunk.Unmapped)
        {
            var of = (code.Vocabulary, code.Code, code.Table);
            unmapped[of] = unmapped.TryGetValue(of, out var known) ? (string.CompareOrdinal(code.Display, known.Display) < 0 ? code.Display : known.Display, known.Count + count) : (code.Display, count);
        }
    }

    public IReadOnlyList<int> Ingredients(int drugConcept) => codes.Ingredients(drugConcept);

    public void Dispose()
    {
        staged?.Dispose();
        index.Dispose();
    }
}
