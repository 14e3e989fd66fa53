using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ambroise.Governance.Control;
using Ambroise.Lake.Cdm;

namespace Ambroise.Governance.Datasets;

/// <summary>What goes with the tables: a README for people, a dictionary of the columns (CSV on the Web), the provenance (RO-Crate 1.1). Nothing in them depends on the day of the build.</summary>
static class PackageWords
{
    public static string ReadMe(DatasetPlan plan, int patients, AnonymityReport anonymity, IReadOnlyList<WithheldCodes> withheld, IReadOnlyList<(string Table, string Column, long Values)> cut, IReadOnlyList<PackagedFile> files)
    {
        var request = plan.Permit.Request;
        var text = new StringBuilder();
        text.Append(string.Create(CultureInfo.InvariantCulture, $"""
            # {request.Title}

            {request.Summary}

            {patients:N0} patients of release {plan.Permit.Release} of {plan.Permit.Tenant}, for project {plan.Permit.Project} under its permit, version {plan.Permit.Version},
            from {plan.Permit.From:yyyy-MM-dd} to {plan.Permit.Until:yyyy-MM-dd}; to be gone by {request.RetainUntil:yyyy-MM-dd}. Opening, copying or keeping it beyond that permit is a breach of it.

            ## Files
            - `omop/`: OMOP CDM 5.4 tables, Parquet. `csv/`: the same, comma-separated (RFC 4180, UTF-8).
            - `analysis/wide`: one row for each patient; `_n` how often a concept occurs, `_first` when first, `_last` its last value.
            - `csvw-metadata.json`: the dictionary of the columns. `anonymity.json`: the report on re-identification. `ro-crate-metadata.json`: where all this comes from. `SHA256SUMS`: checksums.


            """));
        foreach (var file in files.Where(f => f.Name.StartsWith("csv/", StringComparison.Ordinal))) text.Append(CultureInfo.InvariantCulture, $"{file.Name[4..^4]}: {file.Rows:N0} rows. ");
        text.Append("\n\n## What was changed to protect the patients\n- Every identifier is a pseudonym of this project alone. Names, numbers, addresses, serial numbers and the day of birth are not here.\n");
        if (plan.Shifts)
            text.Append(CultureInfo.InvariantCulture, $"- Each patient's dates are moved together by up to {plan.Options.ShiftDays} days, intervals between them kept. The period is cut by as much at both ends.\n");
        text.Append(CultureInfo.InvariantCulture, $"- Years of birth are given by {plan.Options.BirthBand} (the first of them), and as at most 90 years before the patient's last event: 90 reads \"90 or more\".\n");
        text.Append(CultureInfo.InvariantCulture, $"- Codes that fewer than {plan.Options.Rare} patients share are 0, such words absent: {withheld.Sum(w => w.Values):N0} in {withheld.Count:N0} columns.\n");
        text.Append(CultureInfo.InvariantCulture, $"- Numbers that fewer than {plan.Options.Rare} patients reach, among those of a concept and unit, are given as the nearest that so many do, and are absent where no range is shared{Listed(cut)}.\n");
        text.Append(CultureInfo.InvariantCulture, $"- k = {anonymity.K}, l = {anonymity.L} on {string.Join(", ", anonymity.QuasiIdentifiers)}; {anonymity.Removed:N0} patients left out for it.\n");
        return text.ToString();
    }

    static string Listed(IReadOnlyList<(string Table, string Column, long Values)> cut) =>
        cut.Count > 0 ? $": {string.Join(", ", cut.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Values:N0} of {c.Table}.{c.Column}")))}" : ": none here";

    static readonly JsonSerializerOptions Style = new() { WriteIndented = true, NewLine = "\n" };

    static string Text(JsonObject json) => json.ToJsonString(Style) + "\n";

    public static string Report(AnonymityReport anonymity) => JsonSerializer.Serialize(anonymity, KeptJson.Indented<AnonymityReport>()) + "\n";

    public static string Dictionary(DatasetPlan plan, CdmTable wide) => Text(new()
    {
        ["@context"] = new JsonArray("http://www.w3.org/ns/csvw", new JsonObject { ["@language"] = "en" }),
        ["dc:title"] = plan.Permit.Request.Title,
        ["tables"] = new JsonArray([.. plan.Tables.Select(t => Table($"csv/{t.Source.Name}.csv", t.Output, t)), Table("analysis/wide.csv", wide, null)]),
    });

    static JsonObject Table(string url, CdmTable table, PlannedTable? planned)
    {
        var schema = new JsonObject
        {
            ["columns"] = new JsonArray([.. table.Columns.Select((c, i) => new JsonObject
            {
                ["name"] = c.Name,
                ["titles"] = c.Name,
                ["datatype"] = c.Type switch
                {
                    ColumnType.Int32 => "int",
                    ColumnType.Int64 => "long",
                    ColumnType.Float64 => "double",
                    ColumnType.Date => "date",
                    ColumnType.Timestamp => new JsonObject { ["base"] = "dateTime", ["format"] = "yyyy-MM-dd HH:mm:ss.S" },
                    _ => "string",
                },
                ["dc:description"] = Says(planned?.Source, planned is null ? c : planned.Sources[i]),
            })]),
        };
        if (table.Key >= 0) schema["primaryKey"] = table.Columns[table.Key].Name;
        return new() { ["url"] = url, ["tableSchema"] = schema };
    }

    static string Says(CdmTable? source, CdmColumn column) => source is null ? "See README.md." : ColumnUses.Of(source, column) switch
    {
        ColumnUse.Pseudonym when EventLink.Of(source).Any(l => l.Id == column && l.Kind is not null) => "The project's pseudonym of the row it names.",
        ColumnUse.Pseudonym => $"The project's pseudonym of the {ColumnUses.Domain(column).Replace('_', ' ')}.",
        ColumnUse.Date => "As OMOP CDM 5.4 says; moved with the patient's dates where the permit asks for it.",
        ColumnUse.Number => "As OMOP CDM 5.4 says; no further from the others than enough patients go.",
        ColumnUse.Code when column == Cdm54.Location["zip"] => "The first two characters of the postcode; absent where too few patients share them.",
        ColumnUse.Code => "As OMOP CDM 5.4 says; 0 or absent where too few patients share it.",
        ColumnUse.FreeText => "Free text, as recorded.",
        _ => "As OMOP CDM 5.4 says.",
    };

    public static string Provenance(DatasetPlan plan, string permitSha256, IReadOnlyList<PackagedFile> files)
    {
        static JsonObject Ref(string id) => new() { ["@id"] = id };
        var graph = new List<JsonObject>
        {
            new() { ["@id"] = "ro-crate-metadata.json", ["@type"] = "CreativeWork", ["conformsTo"] = Ref("https://w3id.org/ro/crate/1.1"), ["about"] = Ref("./") },
            new()
            {
                ["@id"] = "./", ["@type"] = "Dataset", ["name"] = plan.Permit.Request.Title, ["description"] = plan.Permit.Request.Summary,
                ["datePublished"] = plan.Permit.Issued.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), ["license"] = Ref("#permit"), ["hasPart"] = new JsonArray([.. files.Select(f => Ref(f.Name))]), ["mentions"] = Ref("#build"),
            },
            new() { ["@id"] = "#permit", ["@type"] = "CreativeWork", ["name"] = $"Permit of project {plan.Permit.Project}, version {plan.Permit.Version}", ["sha256"] = permitSha256, ["description"] = "Use is restricted to this permit." },
            new() { ["@id"] = "#population", ["@type"] = "CreativeWork", ["name"] = "Cohort definition of the population (ATLAS/Circe JSON)", ["sha256"] = plan.DefinitionSha256 },
            new() { ["@id"] = "#release", ["@type"] = "Dataset", ["name"] = $"Release {plan.Permit.Release} of {plan.Permit.Tenant}", ["version"] = plan.Permit.Release },
            new() { ["@id"] = "#software", ["@type"] = "SoftwareApplication", ["name"] = DatasetPlan.Software },
            new() { ["@id"] = "#build", ["@type"] = "CreateAction", ["instrument"] = Ref("#software"), ["object"] = new JsonArray(Ref("#release"), Ref("#population"), Ref("#permit")), ["result"] = Ref("./") },
        };
        graph.AddRange(files.Select(f => new JsonObject { ["@id"] = f.Name, ["@type"] = "File", ["encodingFormat"] = Format(f.Name), ["contentSize"] = f.Bytes.ToString(CultureInfo.InvariantCulture), ["sha256"] = f.Sha256 }));
        return Text(new() { ["@context"] = "https://w3id.org/ro/crate/1.1/context", ["@graph"] = new JsonArray([.. graph]) });
    }

    static string Format(string name) => Path.GetExtension(name) switch { ".parquet" => "application/vnd.apache.parquet", ".csv" => "text/csv", ".json" => "application/json", ".md" => "text/markdown", _ => "text/plain" };

    public static string Checksums(IReadOnlyList<PackagedFile> files) => string.Concat(files.Select(f => $"{f.Sha256}  {f.Name}\n"));
}
