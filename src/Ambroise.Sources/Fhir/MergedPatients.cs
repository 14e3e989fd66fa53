using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir;

/// <summary>Rows of MERGED_PATIENT: what PERSON and LOCATION would say of a Patient who is another one's person, and these rows again once the Patient is not.</summary>
sealed class MergedPatients
{
    static readonly CdmTable Table = Cdm54.MergedPatient;
    static readonly string[] Places = ["state", "zip", "county", "country_source_value"], PlaceColumns = ["place_state", "place_zip", "place_county", "place_country"];
    static readonly string[] Shared = [.. Table.Columns.Select(c => c.Name).Where(n => n != "person_id" && Cdm54.Person.Find(n) is not null)];

    readonly Batch aside = new(Table);
    readonly Dictionary<long, string?[]> places = [];

    /// <summary>Takes rows of PERSON.</summary>
    public void Take(Batch persons, params ReadOnlySpan<int> rows)
    {
        aside.Int64("merged_patient_id").AppendFrom(persons.Int64("person_id"), rows);
        foreach (var name in Shared) aside.Columns[Table[name].Ordinal].AppendFrom(persons.Columns[Cdm54.Person[name].Ordinal], rows);
    }

    /// <summary>Takes a row of LOCATION, of a patient among those taken.</summary>
    public void TakePlace(Batch locations, int row) => places[locations.Int64("location_id").Array[row]] = [.. Places.Select(p => locations.Text(p).Text(row))];

    /// <summary>The rows taken, once whose person each is is known.</summary>
    public Batch Rows(PersonLinks links)
    {
        var (ids, at) = (aside.Int64("merged_patient_id"), aside.Int64("location_id"));
        for (var row = 0; row < ids.Count; row++)
        {
            aside.Int64("person_id").Append(links.Person(ids.Array[row]));
            aside.Text("because").Append(links.Because(ids.Array[row]));
            var place = places.GetValueOrDefault(at.Array[row]);
            for (var p = 0; p < PlaceColumns.Length; p++) aside.Text(PlaceColumns[p]).Append(place?[p]);
        }
        return aside;
    }

    /// <summary>Says anew whose person each of an earlier release's rows is.</summary>
    public static void Follow(Batch merged, PersonLinks links)
    {
        var (ids, persons, because) = (merged.Int64("merged_patient_id"), merged.Int64("person_id"), merged.Text("because"));
        because.Clear();
        for (var row = 0; row < ids.Count; row++)
        {
            persons.Array[row] = links.Person(ids.Array[row]);
            because.Append(links.Because(ids.Array[row]));
        }
    }

    /// <summary>Rows of PERSON and LOCATION from an earlier release's rows of patients who are their own person again.</summary>
    public static (Batch Persons, Batch Places) Apart(Batch merged, int[] rows)
    {
        var (persons, locations) = (new Batch(Cdm54.Person), new Batch(Cdm54.Location));
        persons.Int64("person_id").AppendFrom(merged.Int64("merged_patient_id"), rows);
        foreach (var name in Shared) persons.Columns[Cdm54.Person[name].Ordinal].AppendFrom(merged.Columns[Table[name].Ordinal], rows);
        int[] placed = [.. rows.Where(r => !merged.Int64("location_id").IsNull(r))];
        locations.Int64("location_id").AppendFrom(merged.Int64("location_id"), placed);
        for (var p = 0; p < Places.Length; p++) locations.Text(Places[p]).AppendFrom(merged.Text(PlaceColumns[p]), placed);
        foreach (var column in locations.Columns)
            if (column.Count < placed.Length) column.AppendNulls(placed.Length - column.Count);
        return (persons, locations);
    }
}
