using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Writing;

namespace Ambroise.Lake.Releases;

/// <summary>Patients who departed from shards that merges left as they were: their rows there count no more. Another shard of the release holds such a patient whole, or none does.</summary>
/// <remarks>Sealed beside the release, see docs/formats/lake.md: by shard, the patients' places in its PERSON file, from 0.</remarks>
sealed class Departed
{
    public const string Kind = "departed";

    public static readonly Departed None = new(new Dictionary<int, int[]>());

    readonly IReadOnlyDictionary<int, int[]> places;
    readonly ConcurrentDictionary<int, HashSet<long>> persons = new();

    /// <param name="places">Ascending, by shard.</param>
    public Departed(IReadOnlyDictionary<int, int[]> places) => this.places = places;

    /// <summary>Shards that somebody departed from.</summary>
    public int Shards => places.Count;

    /// <returns>Places in the shard's PERSON file, ascending.</returns>
    public int[] Places(int shard) => places.GetValueOrDefault(shard, []);

    /// <returns>person_id of those who departed from a shard.</returns>
    public HashSet<long> Persons(TenantLake lake, Manifest manifest, int shard) => places.ContainsKey(shard) ? persons.GetOrAdd(shard, s =>
    {
        var ids = StoredRows.Keys(lake, manifest, s, Cdm54.Person);
        return [.. places[s].Select(p => ids[p])];
    }) : [];

    /// <returns>The rows of a table that count no more in a shard, ascending; those that hang on another row (NLP of a note) with it.</returns>
    public int[] Rows(TenantLake lake, Manifest manifest, int shard, CdmTable table)
    {
        if (!places.ContainsKey(shard)) return [];
        if (table == Cdm54.Person) return places[shard];
        HashSet<long> of;
        int column;
        if (table.Placement is Placement.WithParent(var child, var parentName))
        {
            var parent = Cdm54.Find(parentName)!;
            var keys = StoredRows.Keys(lake, manifest, shard, parent);
            (column, of) = (child, [.. Rows(lake, manifest, shard, parent).Select(r => keys[r])]);
        }
        else (column, of) = (table.Person, Persons(lake, manifest, shard));
        var rows = new List<int>();
        var at = 0;
        foreach (var value in StoredRows.Column(lake, manifest, shard, table, column))
        {
            if (of.Contains(value)) rows.Add(at);
            at++;
        }
        return [.. rows];
    }

    public byte[] ToJson()
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            foreach (var (shard, gone) in places.OrderBy(p => p.Key))
                json.WriteBase64String(shard.ToString(CultureInfo.InvariantCulture), MemoryMarshal.AsBytes<ushort>(gone.Select(p => (ushort)p).ToArray()));
            json.WriteEndObject();
        }
        return text.ToArray();
    }

    public static Departed Parse(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        return new(document.RootElement.EnumerateObject().ToDictionary(p => int.Parse(p.Name, CultureInfo.InvariantCulture), p => MemoryMarshal.Cast<byte, ushort>(p.Value.GetBytesFromBase64()).ToArray().Select(o => (int)o).ToArray()));
    }

    /// <returns>The file that says so, or null where nobody departed.</returns>
    public LakeFile? Seal(TenantLake lake, int release)
    {
        if (places.Count == 0) return null;
        var json = ToJson();
        return SealedReport.Write(lake, release, json, Kind) with { Content = lake.Keyed(json) };
    }
}
