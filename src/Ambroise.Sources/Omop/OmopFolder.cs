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

/// <summary>A folder of OMOP CDM files: <c>table.csv</c>, <c>.csv.gz</c>, <c>.tsv</c>, <c>.parquet</c> in any letter case, several numbered files a table
/// (<c>table-1.parquet</c>, <c>table_001.csv</c>) or a folder of them named after the table.</summary>
/// <param name="Vocabulary">Files of the vocabulary's tables, left for <c>vocabulary load</c>.</param>
/// <param name="Unknown">Files of no table of the CDM.</param>
public sealed partial record OmopFolder(string Path, IReadOnlyList<SourceFile> Files, IReadOnlyList<string> Vocabulary, IReadOnlyList<string> Unknown)
{
    static readonly FrozenSet<string> VocabularyTables = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "concept", "concept_ancestor", "concept_class", "concept_relationship",
        "concept_synonym", "domain", "drug_strength", "relationship", "source_to_concept_map", "vocabulary", "concept_cpt4");

    public IReadOnlyCollection<CdmTable> Tables => [.. Files.Select(f => f.Table).Distinct()];

    /// <returns><c>source.folder-missing</c>, <c>source.folder-unreadable</c> or the files found.</returns>
    public static Result<OmopFolder> Open(string path)
    {
        if (!Directory.Exists(path)) return new Failure(FailureKind.NotFound, "source.folder-missing", $"{path} is not a folder.");
        var files = new List<SourceFile>();
        var vocabulary = new List<string>();
        var unknown = new List<string>();
        try
        {
            foreach (var file in Directory.EnumerateFiles(path).Concat(Directory.EnumerateDirectories(path).SelectMany(Directory.EnumerateFiles)).Order(StringComparer.Ordinal))
            {
                var relative = System.IO.Path.GetRelativePath(path, file);
                if (System.IO.Path.GetFileName(file).StartsWith('.')) continue;
                if (TableFile().Match(System.IO.Path.GetFileName(file)) is not { Success: true } match)
                {
                    unknown.Add(relative);
                    continue;
                }
                var name = System.IO.Path.GetDirectoryName(relative) is { Length: > 0 } folder ? folder : match.Groups["table"].Value;
                var table = Cdm54.Find(name) ?? Cdm54.Find(Numbered().Replace(name, ""));
                if (table is not null) files.Add(new(table, file, match.Groups["kind"].Value.StartsWith('p') || match.Groups["kind"].Value.StartsWith('P') ? FileKind.Parquet : FileKind.Csv));
                else if (VocabularyTables.Contains(name) || VocabularyTables.Contains(Numbered().Replace(name, ""))) vocabulary.Add(relative);
                else unknown.Add(relative);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(FailureKind.Unavailable, "source.folder-unreadable", $"{path} cannot be listed: check its permissions.");
        }
        return new OmopFolder(path, files, vocabulary, unknown);
    }

    [GeneratedRegex(@"^(?<table>.+?)\.(?<kind>csv|csv\.gz|tsv|tsv\.gz|parquet)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TableFile();

    [GeneratedRegex(@"[-_.]\d+$", RegexOptions.CultureInvariant)]
    private static partial Regex Numbered();
}
