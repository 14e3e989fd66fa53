using System.Collections.Concurrent;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Mapping;
using Ambroise.Sources.Fhir.Reading;

namespace Ambroise.Sources.Fhir;

/// <summary>A folder of FHIR R4 as OMOP tables: read and mapped once, on every core, into rows staged by table; then handed out table by table.</summary>
/// <remarks>docs/mapping/fhir.md says what becomes of each resource.</remarks>
public sealed class FhirSource : IRecordSource, IDisposable
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

    readonly FhirFolder folder;
    readonly CodeBook codes;
    readonly ReadOnlyMemory<byte> key;
    readonly long memoryBytes;
    readonly int threads;
    readonly TimeProvider clock;
    readonly ResourceIndex index = new();
    readonly PersonLinks links = new();
    readonly PersonChanges changes = new();
    readonly MergedPatients aside = new();
    readonly List<(Batch Persons, Batch Places)> apart = [];
    readonly Definitions definitions = new();
    readonly List<Rejected> rejected = [];
    readonly Dictionary<(string Type, string Reason), long> counts = [];
    readonly Dictionary<long, long> aliases = [], partOf = [];
    readonly Dictionary<long, (int Specialty, string Source, long CareSite)> roles = [];
    readonly Dictionary<(string Vocabulary, string Code, string Table), (string Display, long Count)> unmapped = [];
    readonly Dictionary<(string Type, string Table), long> rowCounts = [];
    readonly HashSet<long> persons = [], gone = [];
    readonly List<(long Key, int Seq)> patients = [];
    readonly List<(int Seq, long Person)> shared = [];
    readonly List<(int Seq, ConsentDecision Decision)> consents = [];
    readonly HashSet<int> unplaced = [];
    readonly List<Fact> facts = [];
    readonly List<(int Seq, long Record, long Practitioner, int Specialty, string Source, long CareSite)> toldRoles = [];
    readonly List<(int Seq, long Person, (int Day, long Time) At)> deaths = [];
    readonly Dictionary<long, (int Day, long Time, bool Told)> died = [];
    readonly HashSet<long> buried = [], roleless = [];
    readonly Dictionary<(long Means, string Type, string Column), long> unresolved = [];
    readonly List<(long Name, long Patient)> namesBefore = [];
    readonly HashSet<long> namedPatients = [], deletedBefore = [], brought = [];
    readonly HashSet<string> waitIn = [];
    readonly Dictionary<string, long> taken = [];
    IEnumerable<KeptRecord> earlierWaiting = [];
    int waitedFrom;
    Func<CdmTable, IEnumerable<Batch>> earlierRows = static _ => [];
    KeptLinks kept = KeptLinks.None;
    FhirOptions options;
    int lastDay = int.MinValue;
    StagedRows? staged;

    /// <param name="key">The tenant's key for names of resources; must outlive this.</param>
    /// <param name="memoryBytes">Bound on the rows held in memory before they are sealed on disk.</param>
    public FhirSource(FhirFolder folder, CodeBook codes, FhirOptions options, ReadOnlyMemory<byte> key, long memoryBytes, int threads, TimeProvider clock) =>
        (this.folder, this.codes, this.options, this.key, this.memoryBytes, this.threads, this.clock) = (folder, codes, options, key, memoryBytes, threads, clock);

    /// <summary>The resource types that are read.</summary>
    public static IReadOnlyCollection<string> Types => Resources.ResourceTypes.Maps.Keys;

    /// <summary>What is read, and which tables it fills.</summary>
    public static MappingManifest Manifest { get; } = MappingManifest.Of(Guide);

    public string Description => $"fhir {folder.Name}";

    public IReadOnlyCollection<CdmTable> Tables => Given;

    /// <summary>Called with the number of input bytes mapped so far, of all.</summary>
    public Action<long>? Progressed { get; set; }

    public void Begin(Func<CdmTable, IEnumerable<Batch>> earlier, byte[]? links, IEnumerable<KeptRecord> waiting, string runs, CancellationToken cancel)
    {
        staged = new(runs, memoryBytes);
        kept = KeptLinks.Parse(links);
        options = options with { NumberSystems = [.. options.NumberSystems.Union(kept.NumberSystems, StringComparer.Ordinal).Order(StringComparer.Ordinal)] };
        (earlierRows, earlierWaiting) = (earlier, waiting);
        foreach (var d in kept.Definitions) definitions.Add(d.Key, d.Code is null ? null : new(codes.Find(d.Vocabulary!, d.Code), d.Display ?? ""), new(d.Updated, d.Number, d.Hash));
        ReadAll(cancel);
        Recode(earlier);
        foreach (var known in kept.Versions) Compare(known);
        Compare(earlier, cancel);
        Connect();
        foreach (var (patient, seq) in patients)
            if (!index.IsDead(seq)) persons.Add(patient);
        persons.UnionWith(changes.MergedBefore);
        if (persons.Count == 0) throw new Failure(FailureKind.Invalid, "load.no-person", $"{Description} has no Patient that can be used, and no earlier release has one: nothing was loaded.").AsException();
        this.links.Settle(persons);
        foreach (var patient in this.links.Merged)
            if (index.TryGet(patient, out var seq, out _) && !index.IsDead(seq)) index.End(seq, "merged");
        if (changes.Decide(this.links, persons.Contains) | brought.Any(p => !persons.Contains(p))) ComeTogetherAndApart(earlier);
        foreach (var (seq, person) in shared)
            if (!persons.Contains(PersonOf(person))) unplaced.Add(seq);
        shared.Clear();
        foreach (var (seq, person, at) in deaths)
            if (seq < 0 || !index.IsDead(seq) || index.Outcome(seq) == "merged") Died(this.links.Person(person), at, seq != InTables);
    }

    /// <summary>The person of a patient, by the patient's key or by one that stands for an identifier.</summary>
    long PersonOf(long patient) => links.Person(aliases.GetValueOrDefault(patient, patient));

    /// <summary>A death that no Patient's record tells of.</summary>
    const int InTables = -2;

    /// <param name="told">By a Patient. A row of DEATH from elsewhere may know the cause too, and stays where it is as early.</param>
    void Died(long person, (int Day, long Time) at, bool told)
    {
        if (died.TryGetValue(person, out var other) && ((other.Day, other.Time).CompareTo(at) is var order && (order < 0 || order == 0 && !other.Told))) return;
        died[person] = (at.Day, at.Time, told);
    }

    /// <summary>Takes from the earlier release who is another one's person from now on, and gives back who no longer is.</summary>
    void ComeTogetherAndApart(Func<CdmTable, IEnumerable<Batch>> earlier)
    {
        changes.Move(earlier(Cdm54.SourceRecord), links, gone, persons.Contains);
        var places = new HashSet<long>();
        foreach (var batch in earlier(Cdm54.Person))
            for (var row = 0; row < batch.Rows; row++)
            {
                var id = batch.Int64("person_id").Array[row];
                if (gone.Contains(id) || links.Person(id) == id) continue;
                aside.Take(batch, row);
                if (!batch.Int64("location_id").IsNull(row)) places.Add(batch.Int64("location_id").Array[row]);
            }
        foreach (var batch in places.Count == 0 ? [] : earlier(Cdm54.Location))
            for (var row = 0; row < batch.Rows; row++)
                if (places.Contains(batch.Int64("location_id").Array[row])) aside.TakePlace(batch, row);
        gone.UnionWith(places);
        foreach (var batch in earlier(Cdm54.MergedPatient))
        {
            int[] rows = [.. Enumerable.Range(0, batch.Rows).Where(r => batch.Int64("merged_patient_id").Array[r] is var id && !gone.Contains(id) && links.Person(id) == id)];
            if (rows.Length == 0) continue;
            apart.Add(MergedPatients.Apart(batch, rows));
            new LinkColumns(Cdm54.Person).Follow(apart[^1].Persons, aliases, partOf);
        }
    }

    /// <summary>Sets this load's version of a resource about no patient against the one that earlier loads had.</summary>
    void Compare(KeptLinks.Version known)
    {
        var again = index.TryGet(known.Key, out var seq, out var version);
        var isNewer = (known.Updated, known.Number).CompareTo((version.Updated, version.Number)) > 0;
        if (!again || isNewer) deletedBefore.Add(known.Key); // of a patient nothing else is kept here
        if (!again) return;
        if (isNewer) index.End(seq, "older-than-loaded");
        else for (var n = 0; n < 2; n++) gone.Add(Lineage.RowKey(known.Key, n)); // a place has a row for itself and one for its address
    }

    /// <summary>Takes the connections that the versions which count tell of, and those that earlier loads kept and no resource of this one replaced.</summary>
    void Connect()
    {
        void Name(long name, long means) => aliases[name] = aliases.TryGetValue(name, out var other) ? Math.Min(other, means) : means;
        void Role(long practitioner, (int Specialty, string Source, long CareSite) role)
        {
            if (!roles.TryGetValue(practitioner, out var other) || (string.CompareOrdinal(role.Source, other.Source), role.Specialty.CompareTo(other.Specialty), role.CareSite.CompareTo(other.CareSite)).CompareTo((0, 0, 0)) < 0) roles[practitioner] = role;
        }
        foreach (var name in kept.Names.Where(n => !IsReplaced(n.Record))) Name(name.Key, name.Means);
        foreach (var (name, patient) in namesBefore) Name(name, patient);
        foreach (var role in kept.Roles)
            if (IsReplaced(role.Record)) roleless.Add(role.Practitioner);
            else Role(role.Practitioner, (role.Specialty, role.Source, role.CareSite));
        foreach (var fact in facts.Where(f => !index.IsDead(f.Tag)))
            switch (fact.Kind)
            {
                // Every patient has names, and few are referred to by one.
                case FactKind.Name: if (index.Type(fact.Tag) != "Patient" || namedPatients.Contains(fact.One)) Name(fact.One, fact.Other); break;
                case FactKind.PartOf: partOf[fact.One] = fact.Other; break;
                case FactKind.Link: links.Link(fact.One, fact.Other); break;
                default: links.Bears(fact.Kind, fact.One, fact.Other); break;
            }
        foreach (var role in toldRoles.Where(r => !index.IsDead(r.Seq))) Role(role.Practitioner, (role.Specialty, role.Source, role.CareSite));
    }

    /// <summary>A resource of this load takes the place of what earlier ones knew of this record.</summary>
    bool IsReplaced(long record) => index.TryGet(record, out var seq, out _) && index.Outcome(seq) != "older-than-loaded";

    static readonly HashSet<string> AboutNobody = ["Organization", "Location", "Practitioner", "PractitionerRole", "Medication", "Device"];

    public byte[] Links()
    {
        // A name is told of by the resource it means, a role's by the role.
        var names = kept.Names.Where(n => !IsReplaced(n.Record)).Concat(facts.Where(f => f.Kind == FactKind.Name && AboutNobody.Contains(index.Type(f.Tag)) && !index.IsDead(f.Tag))
            .Select(f => new KeptLinks.Name(index.Type(f.Tag) == "PractitionerRole" ? f.One : f.Other, f.One, f.Other)));
        var tellers = kept.Roles.Where(r => !IsReplaced(r.Record)).Concat(toldRoles.Where(r => !index.IsDead(r.Seq)).Select(r => new KeptLinks.Role(r.Record, r.Practitioner, r.Specialty, r.Source, r.CareSite)));
        var versions = kept.Versions.Where(v => !IsReplaced(v.Key)).Concat(index.Newest.Where(n => (AboutNobody.Contains(index.Type(n.Seq)) || index.Outcome(n.Seq) == "deleted") && index.Outcome(n.Seq) != "older-than-loaded" && n.Version.Updated < long.MaxValue)
            .Select(n => new KeptLinks.Version(n.Key, n.Version.Updated, n.Version.Number)));
        var told = new KeptLinks(1, [.. names.OrderBy(n => (n.Record, n.Key))], [.. tellers.OrderBy(r => r.Record)],
            [.. definitions.All.Select(d => new KeptLinks.Definition(d.Key, d.Code?.Meaning.Vocabulary, d.Code?.Meaning.Code, d.Code?.Display, d.Version.Updated, d.Version.Number, d.Version.Hash)).OrderBy(d => d.Key)],
            [.. versions.OrderBy(v => v.Key)]);
        return (told with { NumberSystems = [.. options.NumberSystems] }).ToJson();
    }

    /// <summary>What the Consents read say, each in its last version; of patients that are known. Once the load has begun.</summary>
    public IReadOnlyList<ConsentDecision> Consents =>
        [.. consents.Where(c => !index.IsDead(c.Seq)).Select(c => c.Decision with { Person = PersonOf(c.Decision.Person) }).Where(c => persons.Contains(c.Person)).OrderBy(c => c.Record)];

    /// <summary>A note for the report: what was done outside of the tables.</summary>
    /// <param name="of">Type and what of it, as <c>Consent.opposition</c>.</param>
    public void Note(string of, string what, long count)
    {
        if (count > 0) counts[(of, what)] = count;
    }

    void ReadAll(CancellationToken cancel)
    {
        var emptied = new ConcurrentBag<Dictionary<CdmTable, TableRows>>();
        using var mappers = new ThreadLocal<ChunkMapper>(() => new(new(key), codes, options, definitions, () => emptied.TryTake(out var rows) ? rows : null), trackAllValues: true);
        var early = new ConcurrentQueue<Rejected>();
        IEnumerable<InputChunk> Chunks()
        {
            long before = 0;
            foreach (var file in folder.Files)
            {
                foreach (var chunk in ChunkReader.Read(file, early.Enqueue, cancel)) yield return chunk;
                Progressed?.Invoke(before += file.Bytes);
            }
        }
        var deferred = new List<DeferredResource>();
        var mapped = threads == 1 ? Chunks().Select(c => mappers.Value!.Map(c))
            : Partitioner.Create(Chunks(), EnumerablePartitionerOptions.NoBuffering).AsParallel().WithDegreeOfParallelism(threads).WithMergeOptions(ParallelMergeOptions.NotBuffered).Select(c => mappers.Value!.Map(c));
        try
        {
            foreach (var chunk in mapped)
            {
                cancel.ThrowIfCancellationRequested();
                deferred.AddRange(chunk.Deferred);
                Take(chunk);
                if (chunk.Bytes > MostKept) continue;
                foreach (var rows in chunk.Tables.Values) rows.Clear();
                emptied.Add(chunk.Tables);
            }
        }
        catch (AggregateException e) when (e.Flatten().InnerExceptions is [var only])
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(only);
        }
        definitions.IsComplete = true;
        foreach (var some in deferred.Chunk(10_000)) Take(mappers.Value!.Map(some));
        if (!definitions.Changed.IsEmpty) MapAgain(mappers.Value!, cancel);
        waitedFrom = index.Count;
        foreach (var some in earlierWaiting.Chunk(1_000))
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var one in some) taken[one.Type] = taken.GetValueOrDefault(one.Type) + 1;
            Take(mappers.Value!.Map(some.Select(WaitingResources.Read)));
        }
        foreach (var mapper in mappers.Values) mapper.Dispose();
        rejected.AddRange(early);
    }

    /// <summary>Maps what names a medication or a device once more whose versions differ in their code: only now it is known which of them counts.</summary>
    void MapAgain(ChunkMapper mapper, CancellationToken cancel)
    {
        using var collector = new ChunkMapper(new(key), codes, options, definitions)
        {
            Collects = (of, version, definition) => definitions.Changed.ContainsKey(definition) && index.TryGet(of.Key, out var seq, out var newest) && newest == version && !index.IsDead(seq),
        };
        var given = new HashSet<long>();
        foreach (var chunk in folder.Files.SelectMany(f => ChunkReader.Read(f, static _ => { }, cancel)).Select(collector.Map))
            Take(mapper.Map(chunk.Collected.Where(c => given.Add(c.Key)).Select(c => c.Resource).ToList()), again: true);
    }

    /// <summary>What earlier loads brought and names such a one.</summary>
    void Recode(Func<CdmTable, IEnumerable<Batch>> earlier)
    {
        var changed = kept.Definitions.Where(d => definitions.TryGet(d.Key, out var code) && code is not null && (code.Meaning.Vocabulary, code.Meaning.Code) != (d.Vocabulary, d.Code)).Select(d => d.Key).ToHashSet();
        if (changed.Count == 0) return;
        using var names = new RowKeys(key);
        var recoding = new Recoding(new(names, codes, options, definitions), d => definitions.TryGet(d, out var code) ? code : null);
        recoding.Find(earlier(Cdm54.SourceRecord), (definition, record) => changed.Contains(definition) && !index.TryGet(record, out _, out _));
        if (recoding.Any) Take(recoding.Write(earlier));
    }

    /// <summary>Numbers a chunk's resources and stages its rows.</summary>
    /// <param name="again">Resources that were taken before.</param>
    void Take(MappedChunk chunk, bool again = false)
    {
        var first = index.Count;
        var all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(chunk.Seen);
        for (var i = 0; i < all.Length; i++)
        {
            if (i + Lookahead < all.Length) index.Foresee(all[i + Lookahead]);
            ref readonly var seen = ref all[i];
            var seq = again ? index.AddAgain(seen) : index.Add(seen);
            if (seen is { Type: "Patient", Outcome: ResourceIndex.Used }) patients.Add((seen.Key.Key, seq));
        }
        foreach (var (_, rows) in chunk.Tables)
        {
            rows.Finish();
            foreach (ref var tag in rows.Tags.Values) tag += first;
            if (rows.Batch.Table != Cdm54.Death) staged!.Add(rows.Batch, rows.Tags);
        }
        namedPatients.UnionWith(chunk.NamedPatients);
        waitIn.UnionWith(chunk.WaitIn);
        foreach (var (tag, person) in chunk.Shared) shared.Add((first + tag, person));
        foreach (var (tag, decision) in chunk.Consents) consents.Add((first + tag, decision));
        lastDay = Math.Max(lastDay, chunk.LastDay);
        rejected.AddRange(chunk.Rejected);
        foreach (var (of, count) in chunk.Counts) counts[of] = counts.GetValueOrDefault(of) + count;
        foreach (var fact in chunk.Facts) facts.Add(fact with { Tag = first + fact.Tag });
        foreach (var role in chunk.Roles) toldRoles.Add((first + role.Tag, role.Record, role.Practitioner, role.Specialty, role.Source, role.CareSite));
        if (chunk.Tables.TryGetValue(Cdm54.Death, out var ends))
            for (var row = 0; row < ends.Batch.Rows; row++)
                deaths.Add((ends.Tags.Array[row], ends.Batch.Int64("person_id").Array[row], (ends.Batch.Int32("death_date").Array[row], ends.Batch.Int64("death_datetime").Array[row])));
        foreach (var (code, count) in chunk.Unmapped)
        {
            var of = (code.Vocabulary, code.Code, code.Table);
            unmapped[of] = unmapped.TryGetValue(of, out var known) ? (string.CompareOrdinal(code.Display, known.Display) < 0 ? code.Display : known.Display, known.Count + count) : (code.Display, count);
        }
    }

    /// <summary>Sets this load's records against those of the release it is merged into: the later version of each counts, and the earlier one's rows go.</summary>
    void Compare(Func<CdmTable, IEnumerable<Batch>> earlier, CancellationToken cancel)
    {
        var recorded = new HashSet<long>();
        foreach (var batch in earlier(Cdm54.SourceRecord))
        {
            cancel.ThrowIfCancellationRequested();
            var (ids, at, rows, names, about, types) = (batch.Int64("source_record_id"), batch.Int64("version_at"), batch.Int32("row_count"), batch.Text("version_name"), batch.Int64("person_id"), batch.Text("record_type"));
            for (var row = 0; row < batch.Rows; row++)
            {
                var id = ids.Array[row];
                var isPatient = types.Text(row) == "Patient";
                if (isPatient) recorded.Add(about.Array[row]);
                if (!index.TryGet(id, out var seq, out var version))
                {
                    if (isPatient && about.Array[row] != id) changes.Owns(id, rows.Array[row]);
                    continue;
                }
                var before = (Updated: at.IsNull(row) ? long.MinValue : at.Array[row], Number: long.TryParse(names.Text(row), out var number) ? number : 0);
                if (before.CompareTo((version.Updated, version.Number)) > 0)
                {
                    index.End(seq, "older-than-loaded");
                    if (isPatient && about.Array[row] != id) changes.Owns(id, rows.Array[row]);
                    continue;
                }
                if (isPatient) brought.Add(id);
                for (var n = 0; n < Math.Max(1, rows.Array[row]); n++) gone.Add(Lineage.RowKey(id, n));
            }
        }
        changes.Before(earlier(Cdm54.MergedPatient), gone.Contains);
        foreach (var batch in earlier(Cdm54.VisitDetail))
        {
            var (ids, parents, visits) = (batch.Int64("visit_detail_id"), batch.Int64("parent_visit_detail_id"), batch.Int64("visit_occurrence_id"));
            for (var row = 0; row < batch.Rows; row++)
                if (!gone.Contains(ids.Array[row])) partOf[ids.Array[row]] = parents.IsNull(row) ? visits.Array[row] : parents.Array[row];
        }
        using (var named = new RowKeys(key))
            foreach (var batch in earlier(Cdm54.PersonIdentity))
            {
                var (ids, persons, kinds) = (batch.Int64("person_identity_id"), batch.Int64("person_id"), batch.Text("kind"));
                for (var row = 0; row < batch.Rows; row++)
                {
                    if (gone.Contains(ids.Array[row])) continue;
                    var patient = changes.Owner(ids.Array[row], persons.Array[row]);
                    if (kinds.Text(row) == "deceased")
                    {
                        var told = batch.Text("value").Text(row)!.Split(' ');
                        deaths.Add((-1, patient, (int.Parse(told[0], System.Globalization.CultureInfo.InvariantCulture), long.Parse(told[1], System.Globalization.CultureInfo.InvariantCulture))));
                    }
                    else if (kinds.Text(row) == "link") links.Link(patient, long.Parse(batch.Text("value").Text(row)!, System.Globalization.CultureInfo.InvariantCulture));
                    else if (kinds.Text(row) is "INS" or "identifier")
                    {
                        var (system, value) = (batch.Text("system").Text(row), batch.Text("value").Text(row));
                        if (namedPatients.Count > 0)
                            foreach (var name in new[] { $"Patient?{system}|{value}", $"Patient?|{value}" })
                                if (named.Of(Encoding.UTF8.GetBytes(name)).Key is var known && namedPatients.Contains(known)) namesBefore.Add((known, patient));
                        if (kinds.Text(row) == "INS") links.Bears(FactKind.National, named.Of(Encoding.UTF8.GetBytes($"INS?{system}|{value}")).Key, patient);
                        if (options.NumberSystems.Contains(system ?? "")) links.Bears(FactKind.Number, named.Of(Encoding.UTF8.GetBytes($"Number?{system}|{value}")).Key, patient);
                    }
                }
            }
        foreach (var batch in earlier(Cdm54.Death))
            for (var row = 0; row < batch.Rows; row++)
                if (!recorded.Contains(batch.Int64("person_id").Array[row])) deaths.Add((InTables, batch.Int64("person_id").Array[row], (batch.Int32("death_date").Array[row], batch.Int64("death_datetime").Array[row])));
        foreach (var batch in earlier(Cdm54.CdmSource))
            foreach (var day in batch.Int32("source_release_date").Values) lastDay = Math.Max(lastDay, day);
        foreach (var batch in earlier(Cdm54.Person))
            for (var row = 0; row < batch.Rows; row++)
                if (Keeps(batch, row)) persons.Add(batch.Int64("person_id").Array[row]);
    }

    public bool Keeps(Batch earlier, int row)
    {
        var table = earlier.Table;
        if (table == Cdm54.CdmSource) return false; // this load describes the whole
        if (table == Cdm54.Death) return Buries(earlier, row);
        if (table == Cdm54.MergedPatient && links.Person(earlier.Int64("merged_patient_id").Array[row]) == earlier.Int64("merged_patient_id").Array[row]) return false; // a person of their own again
        if (table == Cdm54.Person && links.Person(earlier.Int64("person_id").Array[row]) != earlier.Int64("person_id").Array[row]) return false; // another's from now on
        return table.Key < 0 || earlier.Columns[table.Key] is not Int64Column keys || !gone.Contains(keys.Array[row]);
    }

    /// <summary>A person dies once: of several records the earliest says when.</summary>
    bool Buries(Batch rows, int row)
    {
        var person = links.Person(rows.Int64("person_id").Array[row]);
        return died.TryGetValue(person, out var at) && (at.Day, at.Time) == (rows.Int32("death_date").Array[row], rows.Int64("death_datetime").Array[row]) && buried.Add(person);
    }

    /// <summary>DEATH as the Patients of each person tell of it.</summary>
    Batch Deaths()
    {
        var rows = new Batch(Cdm54.Death);
        foreach (var (person, at) in died.Where(d => d.Value.Told && persons.Contains(d.Key)).OrderBy(d => d.Key))
        {
            if (!buried.Add(person)) continue;
            rows.Int64("person_id").Append(person);
            rows.Int32("death_date").Append(at.Day);
            rows.Int64("death_datetime").Append(at.Time);
            rows.Int32("death_type_concept_id").Append(TypeConcepts.Ehr);
        }
        foreach (var column in rows.Columns)
            if (column.Count < rows.Rows) column.AppendNulls(rows.Rows - column.Count);
        Counted(Cdm54.Death, deaths.Where(d => d.Seq >= 0 && (!index.IsDead(d.Seq) || index.Outcome(d.Seq) == "merged")).Select(d => links.Person(d.Person)).Distinct().Count());
        return rows;
    }

    /// <summary>Rows that Patients became, outside of those of one resource each.</summary>
    void Counted(CdmTable table, long rows)
    {
        if (rows > 0) rowCounts[("Patient", table.Name)] = rowCounts.GetValueOrDefault(("Patient", table.Name)) + rows;
    }

    public void Follow(Batch earlier)
    {
        if (earlier.Rows == 0) return;
        var columns = new LinkColumns(earlier.Table);
        columns.Reset(earlier, detail => partOf.ContainsKey(detail) || index.TryGet(detail, out _, out _));
        columns.Follow(earlier, aliases, partOf);
        changes.Follow(earlier, links);
        if (earlier.Table == Cdm54.Provider) Specialties(earlier);
    }

    public IReadOnlyList<int> Ingredients(int drugConcept) => codes.Ingredients(drugConcept);

    public IEnumerable<Batch> Read(CdmTable table, Action<Rejected> reject, CancellationToken cancel)
    {
        if (table == Cdm54.Person)
            foreach (var row in rejected) reject(row);
        if (table == Cdm54.CdmSource)
        {
            yield return Description54();
            yield break;
        }
        if (table == Cdm54.Death || table == Cdm54.MergedPatient)
        {
            yield return table == Cdm54.Death ? Deaths() : Aside();
            yield break;
        }
        foreach (var (persons, places) in apart)
            if (table == Cdm54.Person) yield return persons;
            else if (table == Cdm54.Location) yield return places;
        var columns = new LinkColumns(table);
        foreach (var (rows, tags) in staged!.Take(table))
        {
            cancel.ThrowIfCancellationRequested();
            columns.Follow(rows, aliases, partOf);
            var person = table.Person < 0 ? null : (Int64Column)rows.Columns[table.Person];
            if (table == Cdm54.SourceRecord) PersonChanges.Name(rows, links);
            else if (person is not null && links.Any && table != Cdm54.Person)
                foreach (ref var value in person.Values) value = links.Person(value);
            var named = columns.Named.Select(n => rows.Columns[n].IsAbsent ? null : (Int64Column)rows.Columns[n]).ToArray();
            var found = new long[named.Length];
            var kept = new List<int>(rows.Rows);
            var countsByType = new long[256];
            var placed = Null.Int64;
            for (var row = 0; row < rows.Rows; row++)
            {
                var seq = tags.Array[row];
                if (index.IsDead(seq) && !(index.Outcome(seq) == "merged" && (table == Cdm54.PersonIdentity || table == Cdm54.SourceRecord)))
                {
                    if (index.Outcome(seq) != "merged") continue;
                    if (table == Cdm54.Person) aside.Take(rows, row);
                    if (table == Cdm54.Location) aside.TakePlace(rows, row);
                    continue;
                }
                if (person is not null && person.Array[row] is var about && about != placed)
                {
                    if (!persons.Contains(about))
                    {
                        if (table == Cdm54.SourceRecord) SetAside(rows, row, seq, reject);
                        continue;
                    }
                    placed = about; // rows that follow one another are often about one person
                }
                if (unplaced.Count > 0 && unplaced.Contains(seq)) continue;
                kept.Add(row);
                for (var n = 0; n < named.Length; n++)
                {
                    // Rows that follow one another are often of one encounter.
                    if (named[n] is not { } column || column.Array[row] is var means && (means == Null.Int64 || means == found[n])) continue;
                    if (index.TryGet(means, out var at, out _) && !index.IsDead(at))
                    {
                        found[n] = means;
                        continue;
                    }
                    var reference = (means, index.Type(seq), table.Columns[columns.Named[n]].Name);
                    unresolved[reference] = unresolved.GetValueOrDefault(reference) + 1;
                }
                countsByType[index.TypeNumber(seq)]++;
            }
            for (var type = 0; type < countsByType.Length; type++)
                if (countsByType[type] > 0) rowCounts[(index.TypeName((byte)type), table.Name)] = rowCounts.GetValueOrDefault((index.TypeName((byte)type), table.Name)) + countsByType[type];
            if (table == Cdm54.Provider) Specialties(rows);
            if (kept.Count == 0) continue;
            if (kept.Count == rows.Rows)
            {
                yield return rows;
                continue;
            }
            var some = new Batch(table);
            foreach (var column in table.Columns) some.Columns[column.Ordinal].AppendFrom(rows.Columns[column.Ordinal], kept.ToArray());
            yield return some;
        }
    }

    Batch Aside()
    {
        var rows = aside.Rows(links);
        new LinkColumns(rows.Table).Follow(rows, aliases, partOf);
        Counted(rows.Table, rows.Rows);
        return rows;
    }

    /// <summary>CDM_SOURCE: what these tables are. Its days are those of the data, never the clock's, so that the same input gives the same rows; the report has the time of the load.</summary>
    Batch Description54()
    {
        var row = new Batch(Cdm54.CdmSource);
        void Put(string column, string text) => row.Text(column).Append(text);
        var day = Math.Min(lastDay, Days.Of(DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime))); // a date of the future is an error of somebody's
        Put("cdm_source_name", "FHIR R4");
        Put("cdm_source_abbreviation", "FHIR");
        Put("cdm_holder", "the tenant of this warehouse");
        Put("source_description", $"FHIR R4 resources, mapped by Ambroise after {Guide}");
        Put("source_documentation_reference", "http://hl7.org/fhir/R4");
        Put("cdm_etl_reference", "docs/mapping/fhir.md");
        Put("cdm_version", "5.4");
        Put("vocabulary_version", codes.Version);
        row.Int32("source_release_date").Append(day);
        row.Int32("cdm_release_date").Append(day);
        row.Int32("cdm_version_concept_id").Append(756265); // OMOP CDM 5.4.0
        return row;
    }

    /// <summary>A record about a patient nobody sent, whose rows were left out: it waits for its patient. One whose patient was deleted goes as all of theirs does; its place is kept.</summary>
    void SetAside(Batch rows, int row, int seq, Action<Rejected> reject)
    {
        var patient = rows.Int64("person_id").Array[row];
        if (!(index.TryGet(patient, out var at, out _) ? index.Outcome(at) == "deleted" : deletedBefore.Contains(patient)))
        {
            index.End(seq, "waiting-patient");
            waitIn.Add(rows.Text("source_file").Text(row) ?? "");
            return;
        }
        var outcome = index.Outcome(seq);
        index.End(seq, "");
        if (outcome != ResourceIndex.Used)
        {
            counts[(index.Type(seq), outcome)] = counts.GetValueOrDefault((index.Type(seq), outcome)) + 1;
            return;
        }
        var refused = new Rejected(index.Type(seq), rows.Text("source_file").Text(row) ?? "", rows.Int64("source_line").Array[row], "subject", "patient-deleted", null, default);
        rejected.Add(refused);
        reject(refused);
    }

    void Specialties(Batch rows)
    {
        var ids = rows.Int64("provider_id");
        var text = rows.Text("specialty_source_value");
        var before = Enumerable.Range(0, rows.Rows).Select(text.Text).ToArray();
        text.Clear();
        for (var row = 0; row < rows.Rows; row++)
        {
            var has = roles.TryGetValue(ids.Array[row], out var role);
            if (!has && !roleless.Contains(ids.Array[row]))
            {
                text.Append(before[row]);
                continue;
            }
            rows.Int32("specialty_concept_id").Array[row] = has ? role.Specialty : Null.Int32;
            rows.Int64("care_site_id").Array[row] = has ? aliases.GetValueOrDefault(role.CareSite, role.CareSite) : Null.Int64;
            text.Append(has && role.Source.Length > 0 ? role.Source : null);
        }
    }

    /// <summary>References of this load's rows to practitioners, organisations and encounters that neither it nor an earlier one brought.</summary>
    IEnumerable<FateCount> Unresolved()
    {
        if (unresolved.Count == 0) return [];
        var missing = unresolved.Keys.Select(u => u.Means).ToHashSet();
        missing.ExceptWith(kept.Versions.Select(v => v.Key));
        if (missing.Count > 0)
            foreach (var batch in earlierRows(Cdm54.SourceRecord))
                foreach (var id in batch.Int64("source_record_id").Values) missing.Remove(id);
        return unresolved.Where(u => missing.Contains(u.Key.Means)).GroupBy(u => (u.Key.Type, u.Key.Column)).Select(g => new FateCount($"{g.Key.Type}.{g.Key.Column}", "note", "reference-unresolved", g.Sum(u => u.Value)))
            .OrderBy(f => f.Type, StringComparer.Ordinal);
    }

    /// <summary>The texts of what waits, from the files they came in and from those that waited before: read again, for while the input was read nobody knew that they would.</summary>
    public IEnumerable<KeptRecord> Waiting(CancellationToken cancel)
    {
        long wanted = index.Tally(0, index.Count).Where(t => ResourceIndex.Waits(t.Outcome)).Sum(t => t.Count);
        if (wanted == 0) yield break;
        using var mapper = new ChunkMapper(new(key), codes, options, definitions) { Collects = (of, version, _) => index.TryGet(of.Key, out var seq, out var newest) && newest == version && ResourceIndex.Waits(index.Outcome(seq)) };
        var again = folder.Files.Where(f => waitIn.Contains(f.Name)).SelectMany(f => ChunkReader.Read(f, static _ => { }, cancel)).Select(mapper.Map)
            .Concat(earlierWaiting.Chunk(1_000).Select(some => mapper.Map(some.Select(WaitingResources.Read))));
        var given = new HashSet<long>();
        foreach (var resource in again.SelectMany(c => c.Collected))
        {
            cancel.ThrowIfCancellationRequested();
            if (given.Add(resource.Key)) yield return WaitingResources.Keep(resource, PersonOf(resource.Person));
        }
        if (given.Count != wanted) throw new Failure(FailureKind.Unavailable, "source.changed", $"{Description} changed while it was read: nothing was loaded. Load it again once nobody writes to it.").AsException();
    }

    public IEnumerable<KeptRecord> Decisions() => changes.Decisions.Select(d => d.ToRecord());

    /// <summary>Which patients became one person, another's, or one of their own. Once the load has begun.</summary>
    public IReadOnlyList<PersonDecision> PersonDecisions => changes.Decisions;

    /// <summary>Consent records of earlier loads that are another person's from now on, and whose.</summary>
    public IReadOnlyDictionary<long, long> MovedConsents => changes.Consents;

    public byte[] Report()
    {
        foreach (var decided in changes.Decisions.GroupBy(d => $"{d.What}: {d.Because}")) Note("Patient.person", decided.Key, decided.LongCount());
        // What waited before and waits again was counted by the load that brought it.
        var waited = index.Tally(waitedFrom, index.Count).ToList();
        foreach (var t in waited.Where(t => ResourceIndex.Waits(t.Outcome)))
        {
            Note($"{t.Type}.waiting", "still-waiting", t.Count);
            taken[t.Type] -= t.Count;
        }
        foreach (var (type, count) in taken) Note($"{type}.waiting", "taken-up", count);
        foreach (var t in waited.Where(t => t.Outcome == Recoding.Outcome)) Note($"{t.Type}.code", Recoding.Outcome, t.Count);
        var fates = index.Tally(0, waitedFrom).Concat(waited.Where(t => !ResourceIndex.Waits(t.Outcome) && t.Outcome != Recoding.Outcome)).Select(t => new FateCount(t.Type, t.Outcome is ResourceIndex.Used or "merged" ? "used" : t.Outcome == "key-collision" ? "quarantined" : "set-aside", t.Outcome, t.Count))
            .Concat(counts.Where(c => !c.Key.Type.Contains('.')).Select(c => new FateCount(c.Key.Type, "set-aside", c.Key.Reason, c.Value)))
            .Concat(rejected.Where(r => r.Table != "file").GroupBy(r => (r.Table, r.Field, r.Reason)).Select(g => new FateCount(g.Key.Table, "quarantined", g.Key.Field is null ? g.Key.Reason : $"{g.Key.Field}: {g.Key.Reason}", g.LongCount())))
            .GroupBy(f => (f.Type, f.Kind, f.Reason)).Select(g => g.First() with { Count = g.Sum(f => f.Count) })
            .OrderBy(f => f.Type, StringComparer.Ordinal).ThenByDescending(f => f.Kind, StringComparer.Ordinal).ThenBy(f => f.Reason, StringComparer.Ordinal);
        var notes = counts.Where(c => c.Key.Type.Contains('.')).Select(c => new FateCount(c.Key.Type, "note", c.Key.Reason, c.Value))
            .Concat(Unresolved())
            .Concat(rejected.Where(r => r.Table == "file").GroupBy(r => r.Reason).Select(g => new FateCount("file", "quarantined", g.Key, g.LongCount())));
        return new FhirReport(1, typeof(FhirSource).Assembly.GetName().Version?.ToString() ?? "", "5.4", Guide, codes.Version, clock.GetUtcNow(), options.Zone?.Id ?? "as written", [.. options.Intents],
            [.. fates], [.. rowCounts.Select(r => new TypeRows(r.Key.Type, r.Key.Table, r.Value)).OrderBy(r => r.Type, StringComparer.Ordinal).ThenBy(r => r.Table, StringComparer.Ordinal)],
            [.. unmapped.Select(u => new UnmappedCount(u.Key.Vocabulary, u.Key.Code, u.Value.Display, u.Key.Table, u.Value.Count)).OrderByDescending(u => u.Count).ThenBy(u => u.Vocabulary, StringComparer.Ordinal).ThenBy(u => u.Code, StringComparer.Ordinal)],
            [.. notes]).ToJson();
    }

    public void Dispose() => staged?.Dispose();
}
