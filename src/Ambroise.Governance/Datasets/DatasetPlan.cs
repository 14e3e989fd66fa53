using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ambroise.Governance.Projects;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Releases;

namespace Ambroise.Governance.Datasets;

/// <summary>What whoever builds decides beside the permit.</summary>
/// <param name="ShiftDays">Largest shift of a patient's dates; 182 or 365, or any from 30 to 3650. Without effect where the permit asks for no shift.</param>
/// <param name="BirthBand">Years of birth are given by so many together: 1, 5, 10 or 20.</param>
/// <param name="Rare">A code shared by fewer patients is withheld; 1 withholds none.</param>
/// <param name="Remove">Leaves out the patients that the permit's k and l would otherwise block the build for.</param>
public sealed record DatasetOptions(int ShiftDays = 182, int BirthBand = 5, int Rare = 5, bool Remove = false)
{
    internal static readonly ImmutableArray<int> BirthBands = [1, 5, 10, 20];
}

/// <summary>Rows and columns of one table, from one category of the permit.</summary>
/// <param name="Columns">By ordinal of the source table.</param>
/// <param name="Concepts">Ascending; null for any.</param>
/// <param name="From">First day of events, since 1970-01-01.</param>
/// <param name="Until">Last day.</param>
sealed record PlannedCategory(ImmutableHashSet<int> Columns, int[]? Concepts, int From, int Until)
{
    public bool Takes(int concept) => Concepts is null || Array.BinarySearch(Concepts, concept) >= 0;
}

/// <param name="Output">The table as given: its columns in the source's order.</param>
/// <param name="Sources">For each output column its column in the CDM.</param>
sealed record PlannedTable(CdmTable Source, CdmTable Output, ImmutableArray<CdmColumn> Sources, ImmutableArray<PlannedCategory> Categories)
{
    /// <summary>The permit names this table's concepts itself: they were examined, and are not withheld for being rare.</summary>
    public bool ConceptsNamed => Categories.All(c => c.Concepts is not null);
}

/// <summary>What a dataset holds: the permit worked out against a release. The same plan, release and keys give the same bytes.</summary>
public sealed class DatasetPlan
{
    /// <summary>What makes the files; part of their provenance.</summary>
    public static string Software { get; } = $"Ambroise {typeof(DatasetPlan).Assembly.GetName().Version?.ToString(3)}";

    DatasetPlan(Permit permit, DatasetOptions options, ImmutableArray<PlannedTable> tables, (int From, int Until) window) =>
        (Permit, Options, Tables, Window) = (permit, options, tables, window);

    public Permit Permit { get; }
    public DatasetOptions Options { get; }
    public Protection Protection => Permit.Request.Protection ?? new();
    public bool Shifts => Protection.ShiftDates;
    internal ImmutableArray<PlannedTable> Tables { get; }

    /// <summary>Days that shifted dates may fall on: narrower than the data by the largest shift at both ends, so that no patient's dates betray their shift.</summary>
    internal (int From, int Until) Window { get; }

    /// <summary>SHA-256 of the population's definition, lower-case hexadecimal.</summary>
    public string DefinitionSha256 => Sha256(Permit.Request.Population.GetRawText());

    /// <summary>Table and columns given, in order.</summary>
    public IReadOnlyList<(string Table, IReadOnlyList<string> Columns)> Contents => [.. Tables.Select(t => (t.Source.Name, (IReadOnlyList<string>)[.. t.Output.Columns.Select(c => c.Name)]))];

    /// <param name="resolve">The concepts of a category's concept set lines.</param>
    /// <returns>The plan; or <c>dataset.release-other</c>, <c>dataset.table-unavailable</c>, <c>dataset.column-unavailable</c>, <c>dataset.concepts-unsorted</c>, <c>dataset.period-short</c>,
    /// <c>dataset.options-invalid</c>, or a failure of <paramref name="resolve"/>.</returns>
    public static Result<DatasetPlan> Of(Permit permit, Manifest manifest, DatasetOptions options, Func<JsonElement, Result<IReadOnlyList<int>>> resolve)
    {
        if (manifest.Release != permit.Release || manifest.Tenant != permit.Tenant) return Invalid("dataset.release-other", $"The permit is for release {permit.Release} of {permit.Tenant}.");
        if (options is { ShiftDays: < 30 or > 3650 } or { Rare: < 1 } || !DatasetOptions.BirthBands.Contains(options.BirthBand))
            return Invalid("dataset.options-invalid", "A shift is 30 to 3650 days, years of birth go by 1, 5, 10 or 20, and rare means fewer than 1 or more patients.");
        if (Refuses(permit.Request) is { } refused) return refused;
        var protection = permit.Request.Protection ?? new();
        var tables = new List<PlannedTable>();
        // Persons are always given: their pseudonym alone where the permit lists no column of theirs.
        var asked = permit.Request.Data.GroupBy(c => Cdm54.Find(c.Table)!).ToDictionary(g => g.Key, g => g.ToList());
        asked.TryAdd(Cdm54.Person, [new("person", "", ["person_id"])]);
        foreach (var table in Cdm54.All.Where(asked.ContainsKey))
        {
            var categories = new List<PlannedCategory>();
            foreach (var category in asked[table])
            {
                int[]? concepts = null;
                if (Lines(category) is { } lines)
                {
                    if (resolve(lines).Failed(out var failure, out var resolved)) return failure;
                    concepts = [.. resolved.Order()];
                }
                categories.Add(new(Columns(table, category), concepts, category.From is { } from ? Days.Of(from) : int.MinValue + 1, category.Until is { } until ? Days.Of(until) : int.MaxValue));
            }
            var given = table.Columns.Where(c => categories.Any(k => k.Columns.Contains(c.Ordinal))).ToImmutableArray();
            tables.Add(new(table, Output(table, given), given, [.. categories]));
        }
        var window = (From: int.MinValue + 1, Until: int.MaxValue);
        if (protection.ShiftDates)
        {
            var dated = tables.Where(t => t.Source.Start >= 0).ToList();
            var files = manifest.Files.Where(f => f.Part == FilePart.Analytic && f.First is not null && dated.Any(t => t.Source.Name == f.Table)).ToList();
            if (files.Count > 0)
            {
                var first = Math.Max(Days.Of(files.Min(f => f.First!.Value)), dated.Min(t => t.Categories.Min(c => c.From)));
                var last = Math.Min(Days.Of(files.Max(f => f.Last!.Value)), dated.Max(t => t.Categories.Max(c => c.Until)));
                window = (first + options.ShiftDays, last - options.ShiftDays);
                if (window.Until - window.From < options.ShiftDays)
                    return Invalid("dataset.period-short", $"The period is too short for dates shifted by up to {options.ShiftDays} days: both its ends are cut by as much. Ask for a longer period, or for no shift.");
            }
        }
        return new DatasetPlan(permit, options, [.. tables], window);
    }

    /// <summary>Looks for what no dataset can give, whatever the release: known when it is asked for, not once a committee has read it.</summary>
    /// <returns>Null where all of it can be given; or <c>dataset.table-unavailable</c>, <c>dataset.column-unavailable</c>, <c>dataset.concepts-unsorted</c>.</returns>
    public static Failure? Refuses(ProjectRequest request)
    {
        foreach (var category in request.Data)
        {
            var table = Cdm54.Find(category.Table)!;
            if (!ColumnUses.Available(table)) return Invalid("dataset.table-unavailable", $"{table.Name} cannot be cut to what a permit allows: no dataset holds it.");
            foreach (var name in category.Columns)
            {
                var use = ColumnUses.Of(table, table[name]);
                if (use == ColumnUse.Never) return Invalid("dataset.column-unavailable", $"{table.Name}.{name} is never given: it identifies, or cannot be protected.");
                if (use == ColumnUse.FreeText && request.Protection is not { FreeText: true })
                    return Invalid("dataset.column-unavailable", $"{table.Name}.{name} is free text, given only where the request's protection has freeText.");
            }
            if (table.Concept < 0 && Lines(category) is not null) return Invalid("dataset.concepts-unsorted", $"{table.Name} has no concept to choose rows by.");
        }
        return null;
    }

    static JsonElement? Lines(DataCategory category) => category.Concepts is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } lines ? lines : null;

    static ImmutableHashSet<int> Columns(CdmTable table, DataCategory category)
    {
        var named = category.Columns;
        var columns = named.IsEmpty ? table.Columns.Where(c => ColumnUses.Of(table, c) is not (ColumnUse.Never or ColumnUse.FreeText)) : named.Select(n => table[n]);
        return columns.Select(c => c.Ordinal).Concat(Always(table)).ToImmutableHashSet();
    }

    /// <returns>Columns without which a row would hang on nothing.</returns>
    static IEnumerable<int> Always(CdmTable table) =>
        EventLink.Of(table) is { Count: > 0 } links ? links.SelectMany(l => new[] { l.Id, l.Kind }).OfType<CdmColumn>().Select(c => c.Ordinal)
        : ColumnUses.IsReferred(table) ? [table.Key]
        : [table.Placement is Placement.WithParent(var parent, _) ? parent : table.Person];

    static CdmTable Output(CdmTable source, ImmutableArray<CdmColumn> given)
    {
        int At(int ordinal) => ordinal < 0 ? -1 : given.IndexOf(source.Columns[ordinal]);
        return new(source.Name, [.. given.Select((c, i) => c with { Ordinal = i, Required = false })], new Placement.Shared(), At(source.Key), At(source.Concept), At(source.Start), At(source.End));
    }

    internal static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    static Failure Invalid(string code, string detail) => new(FailureKind.Invalid, code, detail);
}
