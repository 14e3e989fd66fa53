using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir.Mapping;

namespace Ambroise.Sources.Fhir;

/// <summary>What one load decided about a patient.</summary>
/// <param name="What"><c>merged</c>: is another one's person from now on; <c>moved</c>: from one person to another; <c>split</c>: is a person of their own again.</param>
/// <param name="Before">Whose person the patient was; the patient's own key, where they were one of their own or new.</param>
/// <param name="Person">Whose person they are.</param>
/// <param name="Because">What makes them one, or made them: <c>ins</c>, <c>link</c>, <c>number</c>, with a comma between.</param>
public sealed record PersonDecision(string What, long Patient, long Before, long Person, string Because)
{
    internal KeptRecord ToRecord() => new(What, "", 0, Person, default, System.Text.Encoding.UTF8.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Patient} {Before} {Because}"))) { Other = Person == Patient ? Before : Patient };

    /// <returns>The decision of a record that <see cref="SealedRecords"/> keeps.</returns>
    public static PersonDecision Of(KeptRecord record)
    {
        var parts = System.Text.Encoding.UTF8.GetString(record.Text.Span).Split(' ', 3);
        return new(record.Type, Read(parts[0]), Read(parts[1]), record.Person, parts[2]);
    }

    static long Read(string number) => long.Parse(number, System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>From the persons of the earlier release to those of this load: which patients were merged, and which of the earlier rows are now somebody else's.</summary>
sealed class PersonChanges
{
    readonly Dictionary<long, (long Person, string Because)> before = [];
    readonly HashSet<long> left = [];
    readonly Dictionary<long, long> owners = [], moved = [];

    public List<PersonDecision> Decisions { get; } = [];

    /// <summary>Consent records whose patient is another person now, and who the patient is.</summary>
    public Dictionary<long, long> Consents { get; } = [];

    /// <summary>Persons some of whose rows are somebody else's, nobody's, or told otherwise now; and whose they are.</summary>
    public HashSet<long> Touched { get; } = [];

    /// <summary>Persons of before some of whose rows may be somebody else's, or nobody's, now.</summary>
    public HashSet<long> Parted { get; } = [];

    /// <summary>Versions of records that went with their patient, whom the source deleted.</summary>
    public List<KeptLinks.Version> Departed { get; } = [];

    /// <summary>Identifiers that mean another Patient than before, and whom.</summary>
    public Dictionary<long, long> Renamed { get; } = [];

    /// <summary>Records of earlier loads whose patient, practitioner or organization is another one, because what names them means another one by now.</summary>
    /// <remarks>Whose: <c>Encounter.patient</c>, say.</remarks>
    public HashSet<(long Record, string Whose)> FollowedNames { get; } = [];

    /// <summary>Patients of the earlier release who were another one's person, and whom no version of this load replaced.</summary>
    public IEnumerable<long> MergedBefore => left;

    /// <summary>Reads MERGED_PATIENT of the earlier release.</summary>
    public void Before(IEnumerable<Batch> merged, Func<long, bool> isGone)
    {
        foreach (var batch in merged)
            for (var row = 0; row < batch.Rows; row++)
            {
                var id = batch.Int64("merged_patient_id").Array[row];
                before[id] = (batch.Int64("person_id").Array[row], batch.Text("because").Text(row) ?? "");
                if (!isGone(id)) left.Add(id);
            }
    }

    /// <summary>Rows of a Patient's record are the Patient's, whosever person it was.</summary>
    public void Owns(long patient, int rows)
    {
        for (var n = 0; n < Math.Max(1, rows); n++) owners[Lineage.RowKey(patient, n)] = patient;
    }

    /// <returns>The Patient whose identity an earlier row is.</returns>
    public long Owner(long row, long person) => owners.GetValueOrDefault(row, person);

    /// <summary>Sets the persons of before against those that the links make.</summary>
    /// <returns>Whether rows of before may be somebody else's, or nobody's, now.</returns>
    public bool Decide(PersonLinks links, Func<long, bool> isKnown)
    {
        foreach (var patient in links.Merged.Concat(before.Keys).Distinct().Order())
        {
            var now = links.Person(patient);
            var (was, because) = before.GetValueOrDefault(patient, (patient, ""));
            if (was == now && because != links.Because(patient)) Touched.Add(now);
            if (was != now || !isKnown(patient)) Parted.Add(was);
            if (was == now || !isKnown(patient)) continue;
            Touched.UnionWith([patient, was, now]);
            Decisions.Add(new(now == patient ? "split" : was == patient ? "merged" : "moved", patient, was, now, now == patient ? because : links.Because(patient)));
        }
        return Decisions.Count > 0 || before.Keys.Any(p => !isKnown(p));
    }

    /// <summary>Finds the earlier rows whose record's patient is not whom the row's own person would lead to; of a patient who is no more all rows go, those that name no person too.</summary>
    public void Move(IEnumerable<Batch> records, PersonLinks links, HashSet<long> gone, Func<long, bool> isKnown)
    {
        foreach (var batch in records)
        {
            var (ids, persons, counts, types) = (batch.Int64("source_record_id"), batch.Int64("person_id"), batch.Int32("row_count"), batch.Text("record_type"));
            for (var row = 0; row < batch.Rows; row++)
            {
                if (gone.Contains(ids.Array[row])) continue;
                var patient = Patient(batch, row);
                var person = links.Person(patient);
                if (!isKnown(person))
                {
                    Touched.Add(persons.Array[row]);
                    Depart(ids.Array[row], Recoding.Version(batch, row));
                    for (var n = 0; n < Math.Max(1, counts.Array[row]); n++) gone.Add(Lineage.RowKey(ids.Array[row], n));
                    continue;
                }
                if (person != persons.Array[row] && types[row].SequenceEqual("Consent"u8)) Consents[ids.Array[row]] = patient;
                if (patient != Told(batch, row))
                {
                    Touched.Add(person); // its record says so
                    FollowedNames.Add((ids.Array[row], $"{types.Text(row)}.patient"));
                }
                if (person == links.Person(persons.Array[row])) continue;
                Touched.UnionWith([person, persons.Array[row]]);
                for (var n = 0; n < Math.Max(1, counts.Array[row]); n++) moved[Lineage.RowKey(ids.Array[row], n)] = person;
            }
        }
    }

    /// <summary>Takes a record that goes with its patient.</summary>
    public void Depart(long record, ResourceVersion version) => Departed.Add(new(record, version.Updated, version.Number));

    /// <summary>The Patient that a record is about by now.</summary>
    long Patient(Batch records, int row) => Renamed.Count > 0 && Renamed.TryGetValue(records.Int64("patient_named_by").Array[row], out var patient) ? patient : Told(records, row);

    /// <summary>The Patient that a record says it is about.</summary>
    public static long Told(Batch records, int row) => records.Text("record_type")[row].SequenceEqual("Patient"u8) ? records.Int64("source_record_id").Array[row]
        : records.Int64("patient_id").IsNull(row) ? records.Int64("person_id").Array[row] : records.Int64("patient_id").Array[row];

    /// <summary>Names the persons that earlier rows are about by now.</summary>
    public void Follow(Batch earlier, PersonLinks links)
    {
        var table = earlier.Table;
        if (table == Cdm54.MergedPatient) MergedPatients.Follow(earlier, links);
        else if (table == Cdm54.SourceRecord) Name(earlier, links);
        else if (table != Cdm54.Person && earlier.About is { } about)
        {
            var keys = table.Key < 0 || moved.Count == 0 ? null : earlier.Columns[table.Key] as Int64Column;
            var persons = about.Array;
            for (var row = 0; row < earlier.Rows; row++)
                persons[row] = keys is not null && moved.TryGetValue(keys.Array[row], out var person) ? person : links.Person(persons[row]);
        }
    }

    /// <summary>Gives each record its person, and keeps the Patient where that is another.</summary>
    public void Name(Batch records, PersonLinks links)
    {
        if (!links.Any && Renamed.Count == 0 && records.Int64("patient_id").IsAbsent) return;
        for (var row = 0; row < records.Rows; row++)
        {
            var patient = Patient(records, row);
            var person = links.Person(patient);
            records.Int64("person_id").Array[row] = person;
            if (person != patient || !records.Int64("patient_id").IsAbsent) records.Int64("patient_id").Array[row] = person == patient ? Null.Int64 : patient;
        }
    }
}
