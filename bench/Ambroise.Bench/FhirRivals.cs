using System.Diagnostics;
using System.Text.Json;
using DuckDB.NET.Data;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;

namespace Ambroise.Bench;

/// <summary>What else reads FHIR's NDJSON: Firely's SDK merely parsing it, DuckDB flattening five types into Parquet with columns named one by one.</summary>
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

    static readonly (string Type, string Columns, string Row)[] Flat =
    [
        ("Patient", "{id: 'varchar', gender: 'varchar', birthDate: 'varchar', deceasedDateTime: 'varchar', address: 'struct(state varchar, postalCode varchar)[]'}",
            "id, gender, try_cast(birthDate as date) as born, deceasedDateTime, address[1].state as state, address[1].postalCode as postcode"),
        ("Encounter", "{id: 'varchar', status: 'varchar', \"class\": 'struct(code varchar)', subject: 'struct(reference varchar)', serviceProvider: 'struct(reference varchar)', period: 'struct(\"start\" varchar, \"end\" varchar)'}",
            "id, status, \"class\".code as setting, subject.reference as patient, serviceProvider.reference as place, try_cast(period.\"start\" as timestamptz) as starts, try_cast(period.\"end\" as timestamptz) as ends"),
        ("Condition", "{id: 'varchar', code: 'struct(coding struct(\"system\" varchar, code varchar)[])', subject: 'struct(reference varchar)', encounter: 'struct(reference varchar)', onsetDateTime: 'varchar', abatementDateTime: 'varchar'}",
            "id, code.coding[1].\"system\" as system, code.coding[1].code as code, subject.reference as patient, encounter.reference as visit, try_cast(onsetDateTime as timestamptz) as onset, try_cast(abatementDateTime as timestamptz) as abatement"),
        ("Observation", "{id: 'varchar', status: 'varchar', code: 'struct(coding struct(\"system\" varchar, code varchar)[])', subject: 'struct(reference varchar)', encounter: 'struct(reference varchar)', effectiveDateTime: 'varchar', valueQuantity: 'struct(\"value\" double, unit varchar, code varchar)', valueCodeableConcept: 'struct(coding struct(\"system\" varchar, code varchar)[])', valueString: 'varchar', component: 'struct(code struct(coding struct(code varchar)[]), valueQuantity struct(\"value\" double, code varchar))[]'}",
            "id, status, code.coding[1].\"system\" as system, code.coding[1].code as code, subject.reference as patient, encounter.reference as visit, try_cast(effectiveDateTime as timestamptz) as at, valueQuantity.\"value\" as number, valueQuantity.code as unit, valueCodeableConcept.coding[1].code as answer, valueString as words, component"),
        ("MedicationRequest", "{id: 'varchar', status: 'varchar', intent: 'varchar', medicationCodeableConcept: 'struct(coding struct(\"system\" varchar, code varchar)[])', medicationReference: 'struct(reference varchar)', subject: 'struct(reference varchar)', encounter: 'struct(reference varchar)', authoredOn: 'varchar'}",
            "id, status, intent, medicationCodeableConcept.coding[1].code as code, medicationReference.reference as medication, subject.reference as patient, encounter.reference as visit, try_cast(authoredOn as timestamptz) as ordered"),
    ];

    /// <summary>Flattens five types into a plain Parquet file each.</summary>
    /// <returns>Resources written, and the bytes they were read from.</returns>
    public static (long Resources, long Bytes, TimeSpan Time, TimeSpan Processor) Flatten(string folder, string to, int threads)
    {
        Directory.CreateDirectory(to);
        using var connection = new DuckDBConnection($"DataSource=:memory:;threads={threads}");
        connection.Open();
        long resources = 0, bytes = 0;
        var processor = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        foreach (var (type, columns, row) in Flat)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"copy (select {row} from read_json('{folder}/{type}.*.ndjson', format = 'newline_delimited', columns = {columns}, maximum_object_size = 67108864)) to '{to}/{type}.parquet' (format parquet, compression zstd)";
            resources += command.ExecuteNonQuery();
            bytes += new DirectoryInfo(folder).EnumerateFiles($"{type}.*.ndjson").Sum(f => f.Length);
        }
        return (resources, bytes, clock.Elapsed, Environment.CpuUsage.TotalTime - processor);
    }
}
