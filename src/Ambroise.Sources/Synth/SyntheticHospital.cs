using System.Text.RegularExpressions;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;

namespace Ambroise.Sources.Synth;

/// <param name="Patients">1 or more.</param>
/// <param name="Density">Events a patient, 1 by default: about 60 rows.</param>
/// <param name="First">The first patient's number, from 1: a hospital of which some patients came before.</param>
public sealed record SynthOptions(long Patients, long Seed, double Density = 1, long First = 1);

/// <summary>A French hospital that does not exist, as OMOP CDM 5.4 Parquet with its vocabulary. The same seed gives the same files; patient n is the same whatever the number of patients.</summary>
public static class SyntheticHospital
{
    /// <summary>Patients of one file; memory holds <see cref="BlockPatients"/> a thread.</summary>
    const int PartPatients = 1 << 16, BlockPatients = 1 << 13;

    /// <summary>Homes, by commune (the twenty of Paris) and IRIS.</summary>
    internal const int Locations = 2000;

    /// <returns>Rows written, by table.</returns>
    public static IReadOnlyDictionary<string, long> Write(SynthOptions options, string folder, IProgress<long>? progress, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        SyntheticVocabulary.Write(folder);
        var rows = new Dictionary<string, long>();
        foreach (var batch in Places(options.Patients))
        {
            using var file = new PlainTableFile(Path.Combine(folder, $"{batch.Table.Name}.parquet"), batch.Table);
            file.Append(batch);
            rows[batch.Table.Name] = batch.Rows;
        }
        Parts(options, progress, (part, parts, counts) => new OmopPart(part, parts, folder, counts), rows, cancel);
        return rows;
    }

    /// <summary>The same hospital as FHIR R4, NDJSON by type, with the same vocabulary.</summary>
    /// <returns>Resources written, by type.</returns>
    public static IReadOnlyDictionary<string, long> WriteFhir(SynthOptions options, string folder, IProgress<long>? progress, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        SyntheticVocabulary.Write(folder);
        var resources = new Dictionary<string, long>();
        using (var files = new NdjsonFiles(folder, ""))
        {
            var places = Places(options.Patients);
            SyntheticFhir.Places(files, places[1], places[2]);
            foreach (var (type, count) in files.Counts) resources[type] = count;
        }
        Parts(options, progress, (part, parts, counts) => new FhirPart(part, parts, folder, counts), resources, cancel);
        return resources;
    }

    /// <summary>Removes what an earlier hospital left in a folder: files of the names that <see cref="Write"/> or <see cref="WriteFhir"/> give, whole or in numbered parts, and no other. A smaller hospital has fewer, and a load would take the rest for its own.</summary>
    /// <returns>The names of the files removed, in ordinal order.</returns>
    public static IReadOnlyList<string> Clear(string folder, bool fhir)
    {
        if (!Directory.Exists(folder)) return [];
        var (names, end) = fhir ? (SyntheticFhir.Types, "ndjson") : ([.. Places(0).Concat(new StoryRows().All).Select(b => b.Table.Name)], "parquet");
        var ours = new Regex($@"^({string.Join('|', names)})(-\d{{5,}})?\.{end}$", RegexOptions.CultureInvariant);
        List<string> found = [.. Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f)).Where(f => ours.IsMatch(f)).Order(StringComparer.Ordinal)];
        foreach (var name in found) File.Delete(Path.Combine(folder, name));
        return found;
    }

    /// <summary>The files of some patients, written block by block.</summary>
    abstract class PartWriter : IDisposable
    {
        public abstract void Write(StoryRows story);

        public abstract void Dispose();
    }

    sealed class OmopPart(int part, int parts, string folder, Dictionary<string, long> counts) : PartWriter
    {
        readonly Dictionary<string, PlainTableFile> files = [];

        public override void Write(StoryRows story)
        {
            foreach (var batch in story.All.Where(b => b.Rows > 0))
            {
                if (!files.TryGetValue(batch.Table.Name, out var file))
                    files[batch.Table.Name] = file = new(Path.Combine(folder, parts == 1 ? $"{batch.Table.Name}.parquet" : $"{batch.Table.Name}-{part + 1:D5}.parquet"), batch.Table);
                file.Append(batch);
                counts[batch.Table.Name] = counts.GetValueOrDefault(batch.Table.Name) + batch.Rows;
            }
        }

        public override void Dispose()
        {
            foreach (var file in files.Values) file.Dispose();
        }
    }

    sealed class FhirPart(int part, int parts, string folder, Dictionary<string, long> counts) : PartWriter
    {
        readonly NdjsonFiles files = new(folder, parts == 1 ? "" : $"-{part + 1:D5}");

        public override void Write(StoryRows story) => new SyntheticFhir(story, files).Write();

        public override void Dispose()
        {
            files.Dispose();
            foreach (var (type, count) in files.Counts) counts[type] = counts.GetValueOrDefault(type) + count;
        }
    }

    static void Parts(SynthOptions options, IProgress<long>? progress, Func<int, int, Dictionary<string, long>, PartWriter> open, Dictionary<string, long> rows, CancellationToken cancel)
    {
        var parts = (int)((options.Patients + PartPatients - 1) / PartPatients);
        long done = 0;
        Parallel.For(0, parts, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel }, part =>
        {
            var story = new StoryRows();
            var teller = new PatientStory(story, options.Seed, options.Density);
            var counts = new Dictionary<string, long>();
            using (var files = open(part, parts, counts))
            {
                var last = Math.Min(options.Patients, (part + 1L) * PartPatients);
                for (var from = part * (long)PartPatients + 1; from <= last; from += BlockPatients)
                {
                    cancel.ThrowIfCancellationRequested();
                    story.Clear();
                    var to = Math.Min(last, from + BlockPatients - 1);
                    for (var patient = from; patient <= to; patient++) teller.Tell(options.First - 1 + patient);
                    story.Complete();
                    files.Write(story);
                    progress?.Report(Interlocked.Add(ref done, to - from + 1));
                }
            }
            lock (rows)
                foreach (var (table, count) in counts) rows[table] = rows.GetValueOrDefault(table) + count;
        });
    }

    static readonly string[] Services = ["Médecine interne", "Cardiologie", "Neurologie", "Diabétologie", "Pneumologie", "Urgences", "Réanimation", "Chirurgie", "Maternité", "Pédiatrie", "Oncologie", "Néphrologie"];

    /// <returns>The rows of patients <paramref name="from"/> to <paramref name="to"/> in memory, as <see cref="Write"/> would write them.</returns>
    public static IReadOnlyList<Batch> Tell(SynthOptions options, long from, long to)
    {
        var story = new StoryRows();
        var teller = new PatientStory(story, options.Seed, options.Density);
        for (var patient = from; patient <= to; patient++) teller.Tell(patient);
        story.Complete();
        return [.. story.All];
    }

    /// <summary>The hospital itself: places by commune and IRIS, care sites, providers, the CDM's description of itself.</summary>
    /// <returns>LOCATION, CARE_SITE, PROVIDER, CDM_SOURCE.</returns>
    static Batch[] Places(long patients)
    {
        var location = new Batch(Cdm54.Location);
        for (var i = 1; i <= Locations; i++)
        {
            var home = Home(i);
            location.Int64("location_id").Append(i);
            location.Text("address_1").Append(home.Line);
            location.Text("city").Append(home.City);
            location.Text("zip").Append(home.Zip);
            location.Text("county").Append(home.District);
            location.Text("location_source_value").Append($"FR-{i}");
            location.Int32("country_concept_id").Append(0);
        }
        var site = new Batch(Cdm54.CareSite);
        for (var i = 1; i <= 40; i++)
        {
            site.Int64("care_site_id").Append(i);
            site.Text("care_site_name").Append($"{Services[i % Services.Length]} {1 + i / Services.Length}");
            site.Int32("place_of_service_concept_id").Append(8717);
            site.Int64("location_id").Append(1);
        }
        var provider = new Batch(Cdm54.Provider);
        for (var i = 1; i <= 500; i++)
        {
            provider.Int64("provider_id").Append(i);
            provider.Text("provider_name").Append($"Dr Exemple {i}");
            provider.Text("npi").Append($"999{i:D8}");
            provider.Int32("specialty_concept_id").Append(38004446 + i % 5);
            provider.Int64("care_site_id").Append(1 + i % 40);
        }
        var source = new Batch(Cdm54.CdmSource);
        foreach (var (column, text) in new[] { ("cdm_source_name", "Synthetic hospital"), ("cdm_source_abbreviation", "SYNTH"), ("cdm_holder", "Ambroise"), ("source_description", $"{patients} invented patients: nobody real"), ("cdm_version", "5.4"), ("vocabulary_version", SyntheticVocabulary.Version) })
            source.Text(column).Append(text);
        source.Int32("source_release_date").Append(20454);
        source.Int32("cdm_release_date").Append(20454);
        source.Int32("cdm_version_concept_id").Append(756265);
        foreach (var batch in new[] { location, site, provider, source })
        {
            var count = batch.Columns.Max(c => c.Count);
            foreach (var column in batch.Columns)
                if (column.Count < count) column.AppendNulls(count - column.Count);
        }
        return [location, site, provider, source];
    }

    /// <returns>The address of a location, from 1.</returns>
    internal static (string Line, string City, string Zip, string District) Home(long location)
    {
        long commune = 1 + location % 20, iris = 100 * (1 + location / 20 % 40) + location % 4 + 1;
        return ($"{1 + location / 20} rue de l'Exemple", $"Paris {commune}", $"{75000 + commune}", $"{75100 + commune}{iris:D4}"); // INSEE: commune, then IRIS
    }
}
