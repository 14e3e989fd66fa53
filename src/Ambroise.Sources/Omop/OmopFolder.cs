using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Ambroise.Lake.Cdm;

namespace Ambroise.Sources.Omop;

public enum FileKind { Csv, Parquet }

/// <summary>One file of one table.</summary>
public sealed record SourceFile(CdmTable Table, string Path, FileKind Kind)
{
    /// <summary>The file's name without its folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);
}

/// <summary>A folder of OMOP CDM files: <c>table.csv</c>, <c>.csv.gz</c>, <c>.tsv</c>, <c>.parquet</c> in any letter case, several files a table
/// (<c>table-1.parquet</c>, <c>table_001.csv</c>, <c>table-part-a.csv</c>) or a folder of them named after the table.</summary>
/// <param name="Vocabulary">Files of the vocabulary's tables, left for <c>vocabulary load</c>.</param>
/// <param name="Unknown">Files of no table of the CDM.</param>
public sealed partial record OmopFolder(string Path, IReadOnlyList<SourceFile> Files, IReadOnlyList<string> Vocabulary, IReadOnlyList<string> Unknown)
{
    static readonly FrozenSet<string> VocabularyTables = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "concept", "concept_ancestor", "concept_class", "concept_relationship",
        "concept_synonym", "domain", "drug_strength", "relationship", "source_to_concept_map", "vocabulary", "concept_cpt4");

    public IReadOnlyCollection<CdmTable> Tables => [.. Files.Select(f => f.Table).Distinct()];

    /// <returns><c>source.folder-missing</c>, <c>source.folder-unreadable</c>, <c>source.table-twice</c> or the files found.</returns>
    public static Result<OmopFolder> Open(string path)
    {
        if (!Directory.Exists(path)) return new Failure(FailureKind.NotFound, "source.folder-missing", $"{path} is not a folder.");
        path = System.IO.Path.GetFullPath(path);
        var files = new List<SourceFile>();
        var vocabulary = new List<string>();
        var unknown = new List<string>();
        try
        {
            foreach (var file in Directory.EnumerateFiles(path).Concat(Directory.EnumerateDirectories(path).SelectMany(Directory.EnumerateFiles)).Order(StringComparer.Ordinal))
            {
                var relative = System.IO.Path.GetRelativePath(path, file);
                var own = System.IO.Path.GetFileName(file);
                if (own.StartsWith('.') || own.StartsWith('_')) continue; // marks of the writer, such as Spark's _SUCCESS
                if (TableFile().Match(own) is not { Success: true } match)
                {
                    unknown.Add(relative);
                    continue;
                }
                // In a folder of its own a table's files may have any name; Spark names the folder person.parquet.
                var name = System.IO.Path.GetDirectoryName(relative) is { Length: > 0 } inside ? TableFile().Replace(inside, "${table}") : match.Groups["table"].Value;
                var names = new[] { name, Numbered().Replace(name, ""), name.Split('-')[0] };
                if (names.Select(Cdm54.Find).FirstOrDefault(t => t is not null) is { } table)
                    files.Add(new(table, file, match.Groups["kind"].Value.Equals("parquet", StringComparison.OrdinalIgnoreCase) ? FileKind.Parquet : FileKind.Csv));
                else (names.Any(VocabularyTables.Contains) ? vocabulary : unknown).Add(relative);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(FailureKind.Unavailable, "source.folder-unreadable", $"{path} cannot be listed: check its permissions.");
        }
        // Files of one format are parts of a table; two formats are two copies of it, and a table without a key would come out doubled.
        if (files.GroupBy(f => f.Table).FirstOrDefault(t => t.Select(f => f.Kind).Distinct().Count() > 1) is { } twice)
            return new Failure(FailureKind.Invalid, "source.table-twice", $"{path} holds {twice.Key.Name} as {string.Join(" and as ", twice.DistinctBy(f => f.Kind).Select(f => f.Name))}: leave one format, and load again.");
        return new OmopFolder(path, files, vocabulary, unknown);
    }

    [GeneratedRegex(@"^(?<table>.+?)\.(?<kind>csv|csv\.gz|tsv|tsv\.gz|parquet)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TableFile();

    [GeneratedRegex(@"[-_.]\d+$", RegexOptions.CultureInvariant)]
    private static partial Regex Numbered();
}
