using System.Globalization;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>What earlier loads knew, set against what this one brings.</summary>
public sealed partial class FhirSource
{
    /// <param name="told">By a Patient. A row of DEATH from elsewhere may know the cause too, and stays where it is as early.</param>
    void Died(long person, (int Day, long Time) at, bool told)
    {
        if (died.TryGetValue(person, out var other) && ((other.Day, other.Time).CompareTo(at) is var order && (order < 0 || order == 0 && !other.Told))) return;
        died[person] = (at.Day, at.Time, told);
    }

    /// <summary>Adds who is touched by what this load says of others: of patients who are another's person, and of a practitioner, an organisation or an encounter that earlier rows name by an identifier.</summary>
    void TouchPersons(EarlierRelease earlier)
    {
        touched.UnionWith(changes.Touched);
        // What only earlier loads told of means what it did.
        var stays = facts.Where(f => f.Kind == FactKind.Name && index.Type(f.Tag) == "Encounter").Select(f => f.One).ToHashSet();
        var told = facts.Where(f => f.Kind == FactKind.Name).Select(f => f.One).Concat(namedPatients).Where(n => !stays.Contains(n)).ToHashSet();
        var namedBefore = told.Count == 0 ? [] : kept.Names.Concat(kept.Former).Where(n => told.Contains(n.Key)).Select(n => (n.Key, n.Means)).ToHashSet();
        var named = told.Where(n => aliases.TryGetValue(n, out var means) && !namedBefore.Contains((n, means))).ToHashSet();
        if (kept.Open is { } open) named.IntersectWith(open);
        stays.IntersectWith(kept.OpenStays);
        named.UnionWith(stays.Where(aliases.ContainsKey));
        foreach (var table in named.Count == 0 ? [] : Cdm54.All.Where(t => t.Person >= 0))
        {
            string[] columns = table == Cdm54.SourceRecord ? ["definition_id"] : [.. new LinkColumns(table).Named.Select(c => table.Columns[c].Name)];
            foreach (var batch in columns.Length == 0 ? [] : earlier.Rows(table, [table.Columns[table.Person].Name, .. columns]))
            {
                var persons = ((Int64Column)batch.Columns[table.Person]).Array;
                foreach (var values in columns.Select(batch.Int64).Where(c => !c.IsAbsent).Select(c => c.Array))
                    for (var row = 0; row < batch.Rows; row++)
                        if (named.Contains(values[row])) touched.Add(persons[row]);
            }
        }
        foreach (var person in touched.ToArray()) touched.Add(PersonOf(person));
    }

    /// <summary>What it takes to know whom a record is about, and its rows.</summary>
    static readonly string[] MovedColumns = ["source_record_id", "person_id", "row_count", "record_type", "patient_id", "patient_named_by", "version_at", "version_name"];

    /// <summary>Takes from the earlier release who is another one's person from now on, and gives back who no longer is.</summary>
    void ComeTogetherAndApart(EarlierRelease earlier)
    {
        long[] parted = [.. changes.Parted.Concat(brought.Where(p => !persons.Contains(p))).Distinct().Order()];
        changes.Move(earlier.RecordsOf(parted, MovedColumns), links, gone, persons.Contains);
        var places = new HashSet<long>();
        foreach (var batch in earlier.Rows(Cdm54.Person))
            for (var row = 0; row < batch.Rows; row++)
            {
                var id = batch.Int64("person_id").Array[row];
                if (gone.Contains(id) || links.Person(id) == id) continue;
                aside.Take(batch, row);
                traits.Take(batch, row);
                if (!batch.Int64("location_id").IsNull(row)) places.Add(batch.Int64("location_id").Array[row]);
            }
        foreach (var batch in places.Count == 0 ? [] : earlier.Rows(Cdm54.Location))
            for (var row = 0; row < batch.Rows; row++)
                if (places.Contains(batch.Int64("location_id").Array[row])) aside.TakePlace(batch, row);
        gone.UnionWith(places);
        foreach (var batch in earlier.Rows(Cdm54.MergedPatient))
        {
            int[] rows = [.. Enumerable.Range(0, batch.Rows).Where(r => batch.Int64("merged_patient_id").Array[r] is var id && !gone.Contains(id) && links.Person(id) == id)];
            if (rows.Length == 0) continue;
            apart.Add(MergedPatients.Apart(batch, rows));
            new LinkColumns(Cdm54.Person).Follow(apart[^1].Persons, aliases, partOf);
            FollowNames(apart[^1].Persons);
        }
    }

    /// <summary>Sets this load's version of a resource against the one that earlier loads had, where no row of the release tells of it.</summary>
    void Compare(KeptLinks.Version known)
    {
        if (!index.TryGet(known.Key, out var seq, out var version)) return;
        if (IsLater(known, version)) index.End(seq, ResourceIndex.Older);
        else for (var n = 0; n < 2; n++) gone.Add(Lineage.RowKey(known.Key, n)); // a place has a row for itself and one for its address
    }

    /// <summary>Whether what earlier loads had is later than what this one brings. Where a source tells no times at all, what comes after a deletion is later than it.</summary>
    static bool IsLater(KeptLinks.Version known, ResourceVersion brought) =>
        (known.Updated, known.Number).CompareTo((brought.Updated, brought.Number)) > 0 && !(known.Number == ResourceVersion.DeletedSometime && brought.Updated == long.MinValue);

    /// <summary>Takes the connections that the versions which count tell of, and those that earlier loads kept and no resource of this one replaced. A name that none of these tells of means whom it once meant.</summary>
    void Connect()
    {
        var former = new Dictionary<long, long>(kept.Former.Length);
        aliases.EnsureCapacity(kept.Names.Length + kept.Former.Length);
        void Role(long practitioner, (int Specialty, string Source, long CareSite) role)
        {
            practitioner = LinkColumns.Meaning(practitioner, aliases);
            if (!roles.TryGetValue(practitioner, out var other) || ((role.CareSite == Null.Int64).CompareTo(other.CareSite == Null.Int64), string.CompareOrdinal(role.Source, other.Source), role.Specialty.CompareTo(other.Specialty), role.CareSite.CompareTo(other.CareSite)).CompareTo((0, 0, 0, 0)) < 0) roles[practitioner] = role;
        }
        foreach (var name in kept.Names) Name(IsReplaced(name.Record) ? former : aliases, name.Key, name.Means);
        foreach (var name in kept.Former) Name(former, name.Key, name.Means);
        foreach (var (name, encounter) in earlierEncounters) Name(aliases, name, encounter);
        foreach (var fact in facts.Where(f => IsName(f) && index.IsDead(f.Tag))) Name(former, fact.One, fact.Other);
        foreach (var fact in facts.Where(f => !index.IsDead(f.Tag)))
            switch (fact.Kind)
            {
                case FactKind.Name: if (index.Type(fact.Tag) != "Patient") Name(aliases, fact.One, fact.Other); break; // theirs: see NamePatients
                case FactKind.PartOf: partOf[fact.One] = fact.Other; break;
                case FactKind.Room: rooms.Add(fact.One); break;
                case FactKind.Link: links.Link(fact.One, fact.Other); break;
                default: links.Bears(fact.Kind, fact.One, fact.Other); break;
            }
        rooms.UnionWith(kept.Rooms.Where(r => !IsReplaced(r)));
        foreach (var (name, means) in former) aliases.TryAdd(name, means);
        foreach (var (inner, outer) in namedEncounters.Count == 0 ? [] : partOf.Where(p => namedEncounters.Contains(p.Value)).ToList()) partOf[inner] = LinkColumns.Meaning(outer, aliases);
        roleless.UnionWith(kept.Roles.Select(r => LinkColumns.Meaning(r.Practitioner, NamedBefore)));
        foreach (var role in kept.Roles.Where(r => !IsReplaced(r.Record))) Role(role.Practitioner, ((int)role.Specialty, kept.Sources[(int)role.Source], role.CareSite));
        foreach (var role in toldRoles.Where(r => !index.IsDead(r.Seq))) Role(role.Practitioner, (role.Specialty, role.Source, role.CareSite));
    }

    /// <summary>Of several that one name means the least key.</summary>
    static void Name(Dictionary<long, long> names, long name, long means) => names[name] = names.TryGetValue(name, out var other) ? Math.Min(other, means) : means;

    /// <summary>Names a resource that is about no patient.</summary>
    bool IsName(Fact fact) => fact.Kind == FactKind.Name && AboutNobody.Contains(index.Type(fact.Tag));

    /// <summary>A resource of this load takes the place of what earlier ones knew of this record.</summary>
    bool IsReplaced(long record) => index.TryGet(record, out var seq, out _) && !index.IsStanding(seq);

    static readonly HashSet<string> AboutNobody = ["Organization", "Location", "Practitioner", "PractitionerRole", "Medication", "Device"];

    public byte[] Links()
    {
        // A name is told of by the resource it means, a role's by the role.
        var told = facts.Where(IsName).ToLookup(f => index.IsDead(f.Tag), f => new KeptLinks.Name(index.Type(f.Tag) == "PractitionerRole" ? f.One : f.Other, f.One, f.Other));
        var names = Ascending.Merged(KeptLinks.Without(kept.Names, n => IsReplaced(n.Record)), [.. told[false].Order()]);
        var former = kept.Former.Concat(kept.Names.Where(n => IsReplaced(n.Record))).Concat(told[true]).Distinct().Where(n => names.AsSpan().BinarySearch(n) < 0).Order();
        var sources = kept.Sources.ToList();
        KeptLinks.Role Role((int Seq, long Record, long Practitioner, int Specialty, string Source, long CareSite) role)
        {
            if (!sources.Contains(role.Source)) sources.Add(role.Source);
            return new(role.Record, role.Practitioner, role.Specialty, sources.IndexOf(role.Source), role.CareSite);
        }
        var versions = index.NewestOf(AboutNobody, "deleted").Where(n => !index.IsStanding(n.Seq)).Select(n => new KeptLinks.Version(n.Key, n.Version.Updated, n.Version.Number)).Concat(changes.Departed).Order();
        var (defining, defined) = definitions.Kept();
        long[] Open(long[] before, bool stays) => [.. before.Where(o => !aliases.ContainsKey(o)).Union(Missing.Where(m => namedEncounters.Contains(m) == stays)).Order()];
        var open = kept.Open is null ? null : Open(kept.Open, stays: false);
        return new KeptLinks
        {
            Names = names,
            Former = [.. former],
            Roles = Ascending.Merged(KeptLinks.Without(kept.Roles, r => IsReplaced(r.Record)), [.. toldRoles.Where(r => !index.IsDead(r.Seq)).Select(Role).Order()]),
            Versions = Ascending.Merged(KeptLinks.Without(kept.Versions, v => IsReplaced(v.Key)), [.. versions]),
            Defined = defined,
            Codes = defining,
            Sources = sources,
            NumberSystems = [.. options.NumberSystems],
            NamesPatients = NamesPatients,
            DatesByStay = kept.DatesByStay || definitions.Stays.AreUsed,
            HasInnerStays = HasInnerStays,
            Rooms = [.. rooms.Order()],
            Said = [.. said.Values],
            Servers = [.. kept.Servers.Union(servers).Order()],
            Open = open?.Length > KeptLinks.MostOpen ? null : open,
            OpenStays = Open(kept.OpenStays, stays: true),
        }.ToBytes();
    }

    /// <summary>What earlier loads brought and names such a one.</summary>
    void Recode(EarlierRelease earlier)
    {
        var changed = definitions.Recoded.ToHashSet();
        if (changed.Count == 0) return;
        using var names = new RowKeys(key);
        var recoding = new Recoding(new(names, codes, options, definitions), d => definitions.TryGet(d, out var code) ? code : null);
        recoding.Find(earlier.Rows(Cdm54.SourceRecord), (definition, record, at) => changed.Contains(definition) && Outdates(record, at));
        if (recoding.Any) Take(recoding.Write(t => earlier.Rows(t)), again: true);
    }

    /// <summary>Has an earlier load's version of a record stand where it is later than what this load brings of it, which then counts no more.</summary>
    /// <returns>Whether it stands.</returns>
    bool Outdates(long record, ResourceVersion version)
    {
        if (!index.TryGet(record, out var seq, out var brought)) return true;
        if ((version.Updated, version.Number).CompareTo((brought.Updated, brought.Number)) <= 0) return false;
        index.End(seq, ResourceIndex.Older);
        return true;
    }

    /// <summary>Sets this load's records against those of the release it is merged into: the later version of each counts, and the earlier one's rows go.</summary>
    void Compare(EarlierRelease earlier, CancellationToken cancel)
    {
        string[] columns = ["source_record_id", "version_at", "row_count", "version_name", "person_id", "record_type", "patient_id", "patient_named_by", "definition_id", "fingerprint", "stay_id"];
        var fingerprints = new Fingerprints(codes, options, definitions);
        long[] Wanted() => [.. index.Newest.Select(e => e.Key).Concat(earlier.Rows(Cdm54.MergedPatient, "merged_patient_id").SelectMany(b => b.Int64("merged_patient_id").Values.ToArray())).Order()];
        var inTables = new List<(long Person, (int Day, long Time) At)>();
        foreach (var batch in earlier.Rows(Cdm54.Death, "person_id", "death_date", "death_datetime"))
            for (var row = 0; row < batch.Rows; row++) inTables.Add((batch.Int64("person_id").Array[row], (batch.Int32("death_date").Array[row], batch.Int64("death_datetime").Array[row])));
        // A person's key is that of a Patient, the least of theirs: where there is its record, Patients tell of the death.
        long[] dead = [.. inTables.Select(d => d.Person).Distinct().Order()];
        var recorded = new HashSet<long>();
        // A load too large for the memory brings so much that all of the earlier records are gone through.
        foreach (var batch in !isMerge ? [] : index.IsOnDisk ? earlier.Rows(Cdm54.SourceRecord, columns) : earlier.Records(Wanted(), dead, recorded, columns))
        {
            cancel.ThrowIfCancellationRequested();
            var (ids, at, rows, names, about, types) = (batch.Int64("source_record_id"), batch.Int64("version_at"), batch.Int32("row_count"), batch.Text("version_name"), batch.Int64("person_id"), batch.Text("record_type"));
            var order = index.Order(ids.Values);
            for (var i = 0; i < order.Length; i++)
            {
                if (i + Lookahead < order.Length) index.Foresee(ids.Array[order[i + Lookahead]]);
                var row = order[i];
                var id = ids.Array[row];
                var isPatient = types[row].SequenceEqual("Patient"u8);
                if (!index.TryGet(id, out var seq, out var version))
                {
                    if (isPatient && about.Array[row] != id) changes.Owns(id, rows.Array[row]);
                    continue;
                }
                var before = (Updated: at.IsNull(row) ? long.MinValue : at.Array[row], Number: long.TryParse(names.Text(row), out var number) ? number : 0);
                var isUnchanged = !index.IsDead(seq) && fingerprints.Of(version.Hash, batch.Int64("definition_id").Array[row], batch.Int64("stay_id").IsNull(row) ? Null.Int32 : definitions.Stays.Day(batch.Int64("stay_id").Array[row])) == batch.Int64("fingerprint").Array[row];
                if (isUnchanged) news.Remove(batch, row);
                if (isUnchanged || before.CompareTo((version.Updated, version.Number)) > 0)
                {
                    index.End(seq, isUnchanged ? ResourceIndex.Unchanged : ResourceIndex.Older);
                    if (isPatient) patientNames.Older.Add(id);
                    if (isPatient && about.Array[row] != id) changes.Owns(id, rows.Array[row]);
                    continue;
                }
                if (isPatient) brought.Add(id);
                if (isPatient && about.Array[row] != id) changes.Owns(id, rows.Array[row]);
                touched.Add(about.Array[row]);
                if (rows.Array[row] > 0 && LeavesNothing(seq) && types[row].SequenceEqual("Encounter"u8)) staysTaken.Add(id);
                for (var n = 0; n < Math.Max(1, rows.Array[row]); n++) gone.Add(Lineage.RowKey(id, n));
            }
        }
        touched.UnionWith(news.Patients);
        changes.Before(earlier.Rows(Cdm54.MergedPatient), gone.Contains);
        if (NamesPatients) asked.UnionWith(facts.Where(IsPatientName).Select(f => f.One).Concat(namedPatients));
        using (var named = new RowKeys(key))
        {
            foreach (var batch in earlier.Rows(Cdm54.PersonIdentity, "person_identity_id", "person_id", "kind", "system", "value"))
            {
                var (ids, persons, kinds) = (batch.Int64("person_identity_id"), batch.Int64("person_id"), batch.Text("kind"));
                for (var row = 0; row < batch.Rows; row++)
                {
                    var (isGone, patient) = (gone.Contains(ids.Array[row]), changes.Owner(ids.Array[row], persons.Array[row]));
                    var kind = kinds[row];
                    var (isNational, isNumber) = (kind.SequenceEqual("INS"u8), kind.SequenceEqual("identifier"u8));
                    if (isNational || isNumber) Bore(named, batch, row, patient, isGone);
                    if (isGone) continue;
                    if (kind.SequenceEqual("former"u8)) patientNames.Formerly(Former(batch.Text("value").Text(row)!));
                    else if (kind.SequenceEqual("deceased"u8))
                    {
                        var told = batch.Text("value").Text(row)!.Split(' ');
                        deaths.Add((-1, patient, (int.Parse(told[0], CultureInfo.InvariantCulture), long.Parse(told[1], CultureInfo.InvariantCulture))));
                    }
                    else if (kind.SequenceEqual("link"u8)) links.Link(patient, long.Parse(batch.Text("value")[row], CultureInfo.InvariantCulture));
                    else if (isNational || isNumber && options.NumberSystems.Count > 0)
                    {
                        var (system, value) = (batch.Text("system").Text(row), batch.Text("value").Text(row));
                        if (isNational) links.Bears(FactKind.National, named.Of(Encoding.UTF8.GetBytes($"INS?{system}|{value}")).Key, patient);
                        if (options.NumberSystems.Contains(system ?? "")) links.Bears(FactKind.Number, named.Of(Encoding.UTF8.GetBytes($"Number?{system}|{value}")).Key, patient);
                    }
                }
            }
            AskWhoElse(earlier, named);
        }
        if (index.IsOnDisk) recorded = earlier.Known(dead, departedToo: true);
        foreach (var (person, at) in inTables)
            if (!recorded.Contains(person)) deaths.Add((InTables, person, at));
        foreach (var batch in earlier.Rows(Cdm54.CdmSource, "source_release_date"))
            foreach (var day in batch.Int32("source_release_date").Values) lastDay = Math.Max(lastDay, day);
        foreach (var batch in earlier.Rows(Cdm54.Person, "person_id"))
            for (var row = 0; row < batch.Rows; row++)
                if (Keeps(batch, row)) persons.Add(batch.Int64("person_id").Array[row]);
    }
}
