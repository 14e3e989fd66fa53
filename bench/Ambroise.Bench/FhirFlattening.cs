using DuckDB.NET.Data;

namespace Ambroise.Bench;

/// <summary>DuckDB flattening five resource types of NDJSON into plain Parquet, with columns named one by one: its automatic schema fails on real FHIR.</summary>
/// <param name="Name">Told with the time.</param>
sealed record FhirFlattening(string Name, IReadOnlyList<(string Type, string Columns, string Row)> Types)
{
    /// <summary>A first code, a subject, a date, a value: what a first look at the data needs, and what this bench has compared with from the start.</summary>
    public static readonly FhirFlattening Few = new("few columns",
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
    ]);

    const string Text = "'varchar'", Reference = "'struct(reference varchar)'", Period = "'struct(\"start\" varchar, \"end\" varchar)'", Meta = "'struct(versionId varchar, lastUpdated varchar)'",
        Concept = "'struct(coding struct(\"system\" varchar, code varchar, display varchar, userSelected boolean)[], \"text\" varchar)'",
        Quantity = "'struct(\"value\" double, comparator varchar, unit varchar, \"system\" varchar, code varchar)'",
        Value = "valueQuantity struct(\"value\" double, comparator varchar, unit varchar, \"system\" varchar, code varchar), valueCodeableConcept struct(coding struct(\"system\" varchar, code varchar, display varchar)[], \"text\" varchar), valueString varchar";

    static string Time(string of) => $"try_cast({of} as timestamptz) as {of}";

    /// <summary>What our loader reads of the same five types and keeps in its release: every coding with its system and display, the version, all references, every kind of value, units, reference ranges, who a patient is.
    /// Against fewer columns, the one who throws away most would be the fastest.</summary>
    public static readonly FhirFlattening AsOurs = new("the columns we keep",
    [
        ("Patient", $"{{id: {Text}, meta: {Meta}, gender: {Text}, birthDate: {Text}, deceasedDateTime: {Text}, deceasedBoolean: 'boolean', address: 'struct(line varchar[], city varchar, state varchar, postalCode varchar, country varchar)[]', "
            + "identifier: 'struct(\"system\" varchar, \"value\" varchar, \"use\" varchar, type struct(coding struct(\"system\" varchar, code varchar)[]))[]', name: 'struct(\"use\" varchar, family varchar, given varchar[])[]', "
            + "extension: 'struct(url varchar, valueCode varchar, valueDateTime varchar, valueCoding struct(\"system\" varchar, code varchar), extension struct(url varchar, valueCoding struct(\"system\" varchar, code varchar))[])[]', "
            + $"generalPractitioner: 'struct(reference varchar)[]', managingOrganization: {Reference}, link: 'struct(other struct(reference varchar), type varchar)[]'}}",
            $"* replace (try_cast(birthDate as date) as birthDate, {Time("deceasedDateTime")})"),
        ("Encounter", $"{{id: {Text}, meta: {Meta}, identifier: 'struct(\"system\" varchar, \"value\" varchar)[]', status: {Text}, \"class\": 'struct(code varchar)', subject: {Reference}, serviceProvider: {Reference}, partOf: {Reference}, period: {Period}, "
            + "participant: 'struct(type struct(coding struct(code varchar)[])[], individual struct(reference varchar))[]', "
            + "hospitalization: 'struct(admitSource struct(coding struct(\"system\" varchar, code varchar, display varchar)[]), dischargeDisposition struct(coding struct(\"system\" varchar, code varchar, display varchar)[]))'}",
            "* exclude (period), try_cast(period.\"start\" as timestamptz) as starts, try_cast(period.\"end\" as timestamptz) as ends"),
        ("Condition", $"{{id: {Text}, meta: {Meta}, verificationStatus: {Concept}, category: 'struct(coding struct(\"system\" varchar, code varchar)[])[]', code: {Concept}, subject: {Reference}, encounter: {Reference}, recorder: {Reference}, asserter: {Reference}, "
            + $"onsetDateTime: {Text}, onsetPeriod: {Period}, abatementDateTime: {Text}, abatementPeriod: {Period}, recordedDate: {Text}}}",
            $"* replace ({Time("onsetDateTime")}, {Time("abatementDateTime")}, {Time("recordedDate")})"),
        ("Observation", $"{{id: {Text}, meta: {Meta}, status: {Text}, category: 'struct(coding struct(\"system\" varchar, code varchar)[])[]', code: {Concept}, subject: {Reference}, encounter: {Reference}, performer: 'struct(reference varchar)[]', "
            + $"effectiveDateTime: {Text}, effectivePeriod: {Period}, effectiveInstant: {Text}, issued: {Text}, valueQuantity: {Quantity}, valueCodeableConcept: {Concept}, valueString: {Text}, valueInteger: 'bigint', valueBoolean: 'boolean', valueDateTime: {Text}, valueTime: {Text}, "
            + $"valuePeriod: {Period}, valueRange: 'struct(low struct(\"value\" double, code varchar), high struct(\"value\" double, code varchar))', valueRatio: 'struct(numerator struct(\"value\" double), denominator struct(\"value\" double))', "
            + $"dataAbsentReason: {Concept}, referenceRange: 'struct(low struct(\"value\" double), high struct(\"value\" double))[]', interpretation: 'struct(coding struct(\"system\" varchar, code varchar, display varchar)[])[]', "
            + $"component: 'struct(code struct(coding struct(\"system\" varchar, code varchar, display varchar)[], \"text\" varchar), {Value})[]'}}",
            $"* replace ({Time("effectiveDateTime")}, {Time("issued")})"),
        ("MedicationRequest", $"{{id: {Text}, meta: {Meta}, status: {Text}, statusReason: {Concept}, intent: {Text}, doNotPerform: 'boolean', medicationCodeableConcept: {Concept}, medicationReference: {Reference}, subject: {Reference}, encounter: {Reference}, requester: {Reference}, "
            + $"reportedReference: {Reference}, authoredOn: {Text}, dosageInstruction: 'struct(\"text\" varchar, route struct(coding struct(\"system\" varchar, code varchar, display varchar)[]))[]', "
            + "dispenseRequest: 'struct(validityPeriod struct(\"start\" varchar, \"end\" varchar), numberOfRepeatsAllowed double, quantity struct(\"value\" double), expectedSupplyDuration struct(\"value\" double, unit varchar, code varchar))'}",
            $"* replace ({Time("authoredOn")})"),
    ]);

    /// <summary>Flattens each type into a file.</summary>
    /// <returns>Resources written, and the bytes they were read from.</returns>
    public (long Resources, long Bytes, TimeSpan Time, TimeSpan Processor) Run(string folder, string to, int threads)
    {
        Directory.CreateDirectory(to);
        using var connection = new DuckDBConnection($"DataSource=:memory:;threads={threads}");
        connection.Open();
        long resources = 0, bytes = 0;
        var processor = Environment.CpuUsage.TotalTime;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (var (type, columns, row) in Types)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"copy (select {row} from read_json('{folder}/{type}.*.ndjson', format = 'newline_delimited', columns = {columns}, maximum_object_size = 67108864)) to '{to}/{type}.parquet' (format parquet, compression zstd)";
            resources += command.ExecuteNonQuery();
            bytes += new DirectoryInfo(folder).EnumerateFiles($"{type}.*.ndjson").Sum(f => f.Length);
        }
        return (resources, bytes, clock.Elapsed, Environment.CpuUsage.TotalTime - processor);
    }
}
