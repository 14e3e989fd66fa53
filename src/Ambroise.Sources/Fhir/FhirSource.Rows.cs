using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>The rows, table by table: this load's, and what becomes of the earlier release's.</summary>
public sealed partial class FhirSource
{
    public bool Keeps(Batch earlier, int row)
    {
        var table = earlier.Table;
        if (table == Cdm54.CdmSource) return false; // this load describes the whole
        if (table == Cdm54.Death) return Buries(earlier, row);
        if (table == Cdm54.PersonIdentity && earlier.Text("kind")[row].SequenceEqual("former"u8)) return false; // given anew
        if (table == Cdm54.MergedPatient && links.Person(earlier.Int64("merged_patient_id").Array[row]) == earlier.Int64("merged_patient_id").Array[row]) return false; // a person of their own again
        if (table == Cdm54.Person && links.Person(earlier.Int64("person_id").Array[row]) != earlier.Int64("person_id").Array[row]) return false; // another's from now on
        return table.Key < 0 || earlier.Columns[table.Key] is not Int64Column keys || !gone.Contains(keys.Array[row]) && !ChangesTable(table, keys.Array[row]);
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
        foreach (var (person, at) in died.Where(d => d.Value.Told && persons.Contains(d.Key) && isWritten(d.Key)).OrderBy(d => d.Key))
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
        if (earlier.Table == Cdm54.Cost) Place(earlier);
        columns.Reset(earlier, detail => partOf.ContainsKey(detail) || visitsOfTheirOwn.Contains(detail) || index.TryFind(detail, out _), touched);
        columns.Follow(earlier, aliases, partOf);
        if (staysTaken.Count > 0 && earlier.Table.Find(earlier.Table == Cdm54.Cost ? "cost_event_id" : "visit_occurrence_id") is { } visit && visit.Ordinal != earlier.Table.Key && !earlier.Columns[visit.Ordinal].IsAbsent)
            foreach (var stay in ((Int64Column)earlier.Columns[visit.Ordinal]).Values)
                if (staysTaken.Contains(stay)) CountMissing(stay, earlier.Table.Name, visit.Name);
        FollowNames(earlier);
        for (var row = 0; row < earlier.Rows && earlier.Table == Cdm54.Person; row++) traits.Take(earlier, row);
        changes.Follow(earlier, links);
        if (earlier.Table == Cdm54.Provider) Specialties(earlier);
        if (earlier.Table == Cdm54.SourceRecord && earlierRelease!.Shares(Cdm54.Cost)) RememberClaims(earlier);
    }

    /// <summary>Counts a reference to what nobody sent, or what leaves nothing.</summary>
    /// <param name="type">Of the resource; of a row of an earlier release its table.</param>
    void CountMissing(long means, string type, string column)
    {
        ref var count = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(unresolved, (means, type, column), out _);
        count++;
    }

    /// <summary>Has costs of earlier loads be of the encounters that their records name, and of the patients: an earlier version of the program wrote them into no patient's shard.</summary>
    void Place(Batch costs)
    {
        var (ids, events) = (costs.Int64("cost_id").Array, costs.Int64("cost_event_id").Array);
        for (var row = 0; row < costs.Rows && costsOf.Count > 0; row++)
            if (costsOf.TryGetValue(ids[row], out var encounter)) events[row] = encounter;
        if (costs.Persons.Count > 0 || claims.Count == 0) return;
        for (var row = 0; row < costs.Rows; row++) costs.Persons.Append(claims.GetValueOrDefault(ids[row], Null.Int64));
    }

    /// <summary>Takes whom claims are about that are written anew: records come before costs.</summary>
    void RememberClaims(Batch records)
    {
        var (ids, persons, types) = (records.Int64("source_record_id").Array, records.Int64("person_id").Array, records.Text("record_type"));
        for (var row = 0; row < records.Rows && claims.Count < MostClaims; row++)
            if (types[row].SequenceEqual("Claim"u8) || types[row].SequenceEqual("ExplanationOfBenefit"u8)) claims[ids[row]] = persons[row];
    }

    public IEnumerable<Batch> Read(CdmTable table, Action<Rejected> reject, CancellationToken cancel)
    {
        if (table == Cdm54.Person)
            foreach (var row in RefusedResources.Take(staged!)) reject(row);
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
        if (table == Cdm54.PersonIdentity && patientNames.Former.Count > 0) yield return FormerNames();
        foreach (var (persons, places) in apart)
            if (table == Cdm54.Person) yield return persons;
            else if (table == Cdm54.Location) yield return places;
        foreach (var rows in EarlierStays(table)) yield return rows;
        var columns = new LinkColumns(table);
        var (kept, countsByType) = (new List<int>(), new long[256]);
        foreach (var (rows, tags) in table == Cdm54.VisitOccurrence ? staged!.Take(table, shelf).Concat(Raised()) : staged!.Take(table, shelf))
        {
            kept.Clear();
            countsByType.AsSpan().Clear();
            cancel.ThrowIfCancellationRequested();
            columns.Follow(rows, aliases, partOf);
            var person = rows.About;
            if (table == Cdm54.SourceRecord) changes.Name(rows, links);
            else if (person is not null && links.Any && table != Cdm54.Person)
                foreach (ref var value in person.Values) value = links.Person(value);
            var named = columns.Named.Select(n => rows.Columns[n].IsAbsent ? null : (Int64Column)rows.Columns[n]).ToArray();
            var found = new long[named.Length];
            var placed = Null.Int64;
            for (var row = 0; row < rows.Rows; row++)
            {
                var seq = tags.Array[row];
                if (table == Cdm54.Person && (!index.IsDead(seq) || index.Outcome(seq) == "merged")) traits.Take(rows, row);
                if (heldBackSeqs.Count > 0 && table == Cdm54.SourceRecord && heldBackSeqs.Contains(seq)) waitIn.Add(rows.Text("source_file").Text(row) ?? "");
                if (index.IsDead(seq) && !(index.Outcome(seq) == "merged" && (table == Cdm54.PersonIdentity || table == Cdm54.SourceRecord)))
                {
                    if (index.Outcome(seq) != "merged") continue;
                    if (table == Cdm54.Person) aside.Take(rows, row);
                    if (table == Cdm54.Location) aside.TakePlace(rows, row);
                    continue;
                }
                if (table == Cdm54.VisitDetail && rows.Int64("visit_detail_id").Array[row] is var detail && (visitsOfTheirOwn.Contains(detail) || IsRoom(rows, row, detail))) continue; // see Raised
                if (person is not null && person.Array[row] is var about && about != placed)
                {
                    if (!persons.Contains(about))
                    {
                        if (table == Cdm54.SourceRecord) SetAside(rows, row, seq, reject);
                        continue;
                    }
                    placed = about; // rows that follow one another are often about one person
                }
                kept.Add(row);
                for (var n = 0; n < named.Length; n++)
                {
                    // Rows that follow one another are often of one encounter.
                    if (named[n] is not { } column || column.Array[row] is var means && (means == Null.Int64 || means == found[n])) continue;
                    if (index.TryFind(means, out var at) && !index.IsDead(at) && !LeavesNothing(at))
                    {
                        found[n] = means;
                        continue;
                    }
                    CountMissing(means, index.Type(seq), table.Columns[columns.Named[n]].Name);
                }
                countsByType[index.TypeNumber(seq)]++;
            }
            for (var type = 0; type < countsByType.Length; type++)
                if (countsByType[type] > 0) rowCounts[(index.TypeName((byte)type), table.Name)] = rowCounts.GetValueOrDefault((index.TypeName((byte)type), table.Name)) + countsByType[type];
            if (table == Cdm54.Provider) Specialties(rows);
            if (table == Cdm54.SourceRecord) MissStays(rows, tags, kept);
            if (kept.Count == 0) continue;
            if (kept.Count == rows.Rows)
            {
                yield return rows;
                continue;
            }
            var some = new Batch(table);
            foreach (var column in table.Columns) some.Columns[column.Ordinal].AppendFrom(rows.Columns[column.Ordinal], kept.ToArray());
            if (rows.Persons.Count > 0) some.Persons.AppendFrom(rows.Persons, kept.ToArray());
            yield return some;
        }
    }

    /// <summary>Takes the encounters whose cost claims are and that nobody sent, or that are none.</summary>
    void MissStays(Batch records, Int32Column tags, List<int> kept)
    {
        var stays = records.Int64("definition_id");
        if (stays.IsAbsent) return;
        foreach (var row in kept)
        {
            if (stays.IsNull(row) || index.Type(tags.Array[row]) is not ("Claim" or "ExplanationOfBenefit")) continue;
            if (index.TryFind(stays.Array[row], out var at) && !index.IsDead(at) && !LeavesNothing(at)) continue;
            CountMissing(stays.Array[row], index.Type(tags.Array[row]), "cost_event_id");
        }
    }

    Batch Aside()
    {
        var rows = aside.Rows(links);
        new LinkColumns(rows.Table).Follow(rows, aliases, partOf);
        FollowNames(rows);
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
        // Of a record that was recoded there is no text to keep: its patient was deleted, whoever else it may name.
        if (index.Outcome(seq) != Recoding.Outcome && !(index.TryGet(patient, out var at, out _) ? index.Outcome(at) == "deleted" : kept.HasVersion(patient)))
        {
            index.End(seq, "waiting-patient");
            waitIn.Add(rows.Text("source_file").Text(row) ?? "");
            return;
        }
        var record = rows.Int64("source_record_id").Array[row];
        if (index.TryGet(record, out _, out var version)) changes.Depart(record, version);
        var outcome = index.Outcome(seq);
        index.End(seq, "");
        if (outcome != ResourceIndex.Used)
        {
            counts[(index.Type(seq), outcome)] = counts.GetValueOrDefault((index.Type(seq), outcome)) + 1;
            return;
        }
        var dead = new Rejected(index.Type(seq), rows.Text("source_file").Text(row) ?? "", rows.Int64("source_line").Array[row], "subject", "patient-deleted", null, default);
        refused.Count(dead);
        reject(dead);
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
}
