using Ambroise.Lake.Cdm;
using Ambroise.Vault;

namespace Ambroise.Lake.Releases;

/// <summary>A patient who is another one's person, as a release holds it.</summary>
/// <param name="Patient">The patient's own key, which is their <c>person_id</c> once they come apart.</param>
/// <param name="Person">person_id.</param>
public readonly record struct OnePerson(long Patient, long Person)
{
    /// <returns>The patients whom the newest release holds as another one's person: nobody where there is no release, or none that can be read.</returns>
    public static IReadOnlyList<OnePerson> Of(TenantLake lake)
    {
        try
        {
            if (lake.Release(null).Failed(out _, out var newest)) return [];
            var all = new List<OnePerson>();
            foreach (var shard in StoredRows.Shards(newest, Cdm54.MergedPatient))
                foreach (var batch in StoredRows.Read(lake, newest, shard, Cdm54.MergedPatient, null, "merged_patient_id", "person_id"))
                    for (var row = 0; row < batch.Rows; row++) all.Add(new(batch.Int64("merged_patient_id").Array[row], batch.Int64("person_id").Array[row]));
            return all;
        }
        catch (FailureException)
        {
            return []; // a damaged release must keep nobody from objecting, or from loading anew
        }
    }

    /// <returns>By key, the keys of all patients who are that person.</returns>
    public static IReadOnlyDictionary<long, IReadOnlyList<long>> Keys(IEnumerable<OnePerson> merged)
    {
        var keys = new Dictionary<long, IReadOnlyList<long>>();
        foreach (var person in merged.GroupBy(m => m.Person))
        {
            long[] all = [person.Key, .. person.Select(m => m.Patient)];
            foreach (var key in all) keys[key] = all;
        }
        return keys;
    }
}
