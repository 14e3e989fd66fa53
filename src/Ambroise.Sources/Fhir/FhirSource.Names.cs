using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>Whom and what records name by an identifier, and what becomes of those of earlier loads when it means another one.</summary>
public sealed partial class FhirSource
{
    readonly PatientNames patientNames = new();

    /// <summary>Identifiers of patients whose bearers are all known: those that this load's Patients bear, bore or lost, and by which its records name their patient.</summary>
    readonly HashSet<long> asked = [];

    /// <summary>Rows of earlier loads, by key, whose record names a practitioner or an organization by what means another one by now; and whom.</summary>
    readonly Dictionary<long, (long Provider, long CareSite)> renamedRows = [];

    /// <summary>What identifiers of practitioners and organizations, and roles, meant in the earlier release.</summary>
    Dictionary<long, long> NamedBefore
    {
        get
        {
            if (namedBefore is not null) return namedBefore;
            if (IsNamedAsBefore) return aliases;
            var (names, former) = (new Dictionary<long, long>(kept.Names.Length + kept.Former.Length), new Dictionary<long, long>(kept.Former.Length));
            foreach (var name in kept.Names) Name(names, name.Key, name.Means);
            foreach (var name in kept.Former) Name(former, name.Key, name.Means);
            foreach (var (name, means) in former) names.TryAdd(name, means);
            return namedBefore = names;
        }
    }

    Dictionary<long, long>? namedBefore;

    /// <summary>This load says nothing of what practitioners and organizations are called.</summary>
    bool IsNamedAsBefore => isNamedAsBefore ??= !facts.Any(IsName) && !kept.Names.Any(n => IsReplaced(n.Record));

    bool? isNamedAsBefore;

    /// <summary>Some record names its patient by an identifier. Where none does it is only kept which identifiers are former ones.</summary>
    bool NamesPatients => kept.NamesPatients || namedPatients.Count > 0;

    bool IsPatientName(Fact fact) => fact.Kind == FactKind.Name && index.Type(fact.Tag) == "Patient";

    /// <summary>Takes an identifier of the earlier release.</summary>
    void Bore(RowKeys keys, Batch identities, int row, long patient, bool isGone)
    {
        if (!isGone && !NamesPatients && !patientNames.Older.Contains(patient)) return;
        foreach (var name in Names(keys, identities, row))
            if (isGone || asked.Contains(name) || patientNames.Older.Contains(patient)) patientNames.Bore(new(name, patient), isGone);
    }

    /// <summary>As conditional references write an identifier: with its system, and without.</summary>
    static long[] Names(RowKeys keys, Batch identities, int row)
    {
        var value = identities.Text("value").Text(row);
        return [keys.Of(Encoding.UTF8.GetBytes($"Patient?{identities.Text("system").Text(row)}|{value}")).Key, keys.Of(Encoding.UTF8.GetBytes($"Patient?|{value}")).Key];
    }

    /// <summary>Looks through the identities once more for who bears what a patient lost.</summary>
    void AskWhoElse(EarlierRelease earlier, RowKeys keys)
    {
        var left = NamesPatients ? patientNames.Left(brought.Contains) : [];
        left.ExceptWith(asked);
        asked.UnionWith(left);
        foreach (var batch in left.Count == 0 ? [] : earlier.Rows(Cdm54.PersonIdentity, "person_identity_id", "person_id", "kind", "system", "value"))
            for (var row = 0; row < batch.Rows; row++)
                if (batch.Text("kind").Text(row) is "INS" or "identifier" && batch.Int64("person_identity_id").Array[row] is var id && !gone.Contains(id))
                    foreach (var name in Names(keys, batch, row))
                        if (left.Contains(name)) patientNames.Bore(new(name, changes.Owner(id, batch.Int64("person_id").Array[row])), isGone: false);
    }

    /// <summary>Says what identifiers of patients mean, once it is known who is a patient.</summary>
    void NamePatients()
    {
        if (!isMerge) asked.UnionWith(namedPatients);
        IEnumerable<PatientNames.Bearer> Told(bool isDead) => facts.Where(f => IsPatientName(f) && index.IsDead(f.Tag) == isDead).Select(f => new PatientNames.Bearer(f.One, f.Other));
        patientNames.Settle(Told(isDead: false), Told(isDead: true), persons.Contains, asked.Contains);
        foreach (var name in namedPatients)
            if (patientNames.Meaning(name) is { } patient) aliases[name] = patient;
        if (!isMerge || !NamesPatients) return;
        foreach (var (name, patient) in patientNames.Renamed()) changes.Renamed[name] = patient;
    }

    /// <summary>Finds the encounters of earlier loads that records of this one name by an identifier.</summary>
    List<(long Name, long Encounter)> EarlierEncounters(EarlierRelease earlier, HashSet<long> wanted)
    {
        var found = new List<(long, long)>();
        foreach (var batch in wanted.Count == 0 || !isMerge ? [] : earlier.Rows(Cdm54.SourceRecord, "source_record_id", "named_as", "version_at", "version_name"))
        {
            var (ids, names) = (batch.Int64("source_record_id"), batch.Text("named_as"));
            for (var row = 0; row < batch.Rows; row++)
            {
                if (names.IsNull(row) || !Stands(batch, row)) continue;
                foreach (var name in EncounterNames.Of(names[row]))
                    if (wanted.Contains(name)) found.Add((name, ids.Array[row]));
            }
        }
        return found;
    }

    /// <summary>Finds the earlier rows whose practitioner or organization is named by an identifier, or a role, that means another one by now.</summary>
    void NamePlaces(EarlierRelease earlier)
    {
        if (IsNamedAsBefore) return;
        var renamed = NamedBefore.Keys.Where(n => LinkColumns.Meaning(n, NamedBefore) != LinkColumns.Meaning(n, aliases)).ToHashSet();
        if (renamed.Count == 0) return;
        foreach (var column in new[] { "provider_named_by", "care_site_named_by" })
            foreach (var records in earlier.RecordsWith(column, renamed, "source_record_id", "person_id", "row_count", "record_type", column))
                for (var row = 0; row < records.Rows; row++)
                {
                    var id = records.Int64("source_record_id").Array[row];
                    if (gone.Contains(id)) continue;
                    touched.Add(records.Int64("person_id").Array[row]);
                    changes.FollowedNames.Add((id, $"{records.Text("record_type").Text(row)}.{(column == "provider_named_by" ? "practitioner" : "organization")}"));
                    var means = LinkColumns.Meaning(records.Int64(column).Array[row], aliases);
                    for (var n = 0; n < records.Int32("row_count").Array[row]; n++)
                    {
                        ref var named = ref CollectionsMarshal.GetValueRefOrAddDefault(renamedRows, Lineage.RowKey(id, n), out _);
                        if (column == "provider_named_by") named.Provider = means;
                        else if (n == 0 || !records.Text("record_type")[row].SequenceEqual("Encounter"u8)) named.CareSite = means; // the places of a stay have their own
                    }
                }
    }

    /// <summary>Has earlier rows name whom their names mean by now.</summary>
    void FollowNames(Batch earlier)
    {
        var table = earlier.Table;
        if (renamedRows.Count == 0 || table.Person < 0 || table.Key < 0) return;
        var keys = ((Int64Column)earlier.Columns[table.Key]).Array;
        foreach (var (column, isProvider) in new[] { (table.Find("provider_id"), true), (table.Find("care_site_id"), false) })
        {
            if (column is null || earlier.Columns[column.Ordinal] is not Int64Column { IsAbsent: false } values) continue;
            for (var row = 0; row < earlier.Rows; row++)
                if (!values.IsNull(row) && renamedRows.TryGetValue(keys[row], out var named) && (isProvider ? named.Provider : named.CareSite) is > 0 and var means) values.Array[row] = means;
        }
    }

    /// <summary>The identifiers that patients bear no more, as rows of PERSON_IDENTITY: of everybody who is written.</summary>
    Batch FormerNames()
    {
        var rows = new Batch(Cdm54.PersonIdentity);
        using var keys = new RowKeys(key);
        foreach (var (name, patient) in patientNames.Former.Where(f => isWritten(links.Person(f.Patient))).OrderBy(f => (f.Patient, f.Name)))
        {
            var value = string.Create(CultureInfo.InvariantCulture, $"{patient} {name}");
            rows.Int64("person_identity_id").Append(keys.Of(Encoding.UTF8.GetBytes($"former {value}")).Key);
            rows.Int64("person_id").Append(links.Person(patient));
            rows.Text("kind").Append("former");
            rows.Text("value").Append(value);
        }
        rows.Text("system").AppendNulls(rows.Rows);
        return rows;
    }

    static PatientNames.Bearer Former(string value)
    {
        var parts = value.Split(' ');
        return new(long.Parse(parts[1], CultureInfo.InvariantCulture), long.Parse(parts[0], CultureInfo.InvariantCulture));
    }
}
