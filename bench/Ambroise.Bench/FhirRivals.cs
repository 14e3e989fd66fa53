using System.Diagnostics;
using System.Text.Json;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;

namespace Ambroise.Bench;

/// <summary>What else reads FHIR's NDJSON: Firely's SDK, merely parsing it.</summary>
static class FhirRivals
{
    /// <summary>Parses every line into Firely's classes, as strictly as the SDK does by default, and lets them go.</summary>
    /// <returns>Resources parsed, and those it refuses.</returns>
    public static (long Parsed, long Refused, TimeSpan Time, TimeSpan Processor) Parse(string folder, int threads)
    {
        var options = new JsonSerializerOptions().ForFhir(ModelInfo.ModelInspector);
        long parsed = 0, refused = 0;
        var files = Directory.EnumerateFiles(folder, "*.ndjson").OrderByDescending(f => new FileInfo(f).Length).ToList();
        var processor = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        Parallel.ForEach(files.SelectMany(File.ReadLines), new ParallelOptions { MaxDegreeOfParallelism = threads }, line =>
        {
            try
            {
                if (JsonSerializer.Deserialize<Resource>(line, options) is not null) Interlocked.Increment(ref parsed);
            }
            catch (DeserializationFailedException)
            {
                Interlocked.Increment(ref refused);
            }
        });
        return (parsed, refused, clock.Elapsed, Environment.CpuUsage.TotalTime - processor);
    }
}
