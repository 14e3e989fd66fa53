using System.Runtime.InteropServices;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Fhir;

/// <summary>The patients of whom a load's records say something that the earlier release does not: of the others nothing needs to be written.</summary>
sealed class NewsOfPatients
{
    readonly Dictionary<long, int> records = [];

    /// <summary>Takes records that a load brings.</summary>
    public void Add(Batch rows)
    {
        foreach (var person in rows.Int64("person_id").Values) CollectionsMarshal.GetValueRefOrAddDefault(records, person, out _)++;
    }

    /// <summary>Takes away one that the earlier release has as it came.</summary>
    /// <param name="earlier">Whoever it names, the load's own names too: the texts are the same.</param>
    public void Remove(Batch earlier, int row) =>
        CollectionsMarshal.GetValueRefOrAddDefault(records, earlier.Int64("patient_named_by").IsNull(row) ? PersonChanges.Told(earlier, row) : earlier.Int64("patient_named_by").Array[row], out _)--;

    public IEnumerable<long> Patients => records.Where(r => r.Value > 0).Select(r => r.Key);
}
