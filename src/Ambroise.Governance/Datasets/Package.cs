using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Ambroise.Governance.Control;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Sealing;
using Ambroise.Lake.Writing;
using Ambroise.Vault.Files;

namespace Ambroise.Governance.Datasets;

/// <param name="Name">As it is when opened, with forward slashes, e.g. <c>omop/person.parquet</c>.</param>
/// <param name="Rows">Of a table; null for another file.</param>
public sealed record PackagedFile(string Name, long Bytes, string Sha256, long? Rows);

/// <summary>What a dataset is, as kept with it under its project's key.</summary>
/// <param name="Withheld">Codes and words withheld because too few patients share them.</param>
public sealed record PackageContents(string Tenant, string Project, int PermitVersion, string PermitSha256, int Release, string DefinitionSha256, string Software, DatasetOptions Options, int Patients,
    AnonymityReport Anonymity, ImmutableArray<WithheldCodes> Withheld, ImmutableArray<PackagedFile> Files);

public sealed record WithheldCodes(string Table, string Column, int Values);

/// <summary>Writes a dataset's files sealed into a folder, one after another.</summary>
sealed class Package(string folder, ProjectKeys keys)
{
    public const string ContentsName = "package.json";
    readonly List<PackagedFile> files = [];

    public IReadOnlyList<PackagedFile> Files => files;

    public static string PathOf(string folder, string name) => Path.Combine(folder, name.Replace('/', '.') + ".sealed");

    /// <summary>Writes a table twice: as Parquet and as CSV.</summary>
    /// <param name="batches">Enumerated once.</param>
    public long Table(string parquet, string csv, CdmTable table, IEnumerable<Batch> batches)
    {
        long rows = 0;
        var asParquet = new SealedStream(PathOf(folder, parquet), parquet, keys);
        var asCsv = new SealedStream(PathOf(folder, csv), csv, keys);
        using (var columns = new PlainTableFile(asParquet, table))
        using (var lines = new StreamWriter(asCsv, new UTF8Encoding(false), 1 << 16) { NewLine = "\n" })
        {
            CsvRows.Header(lines, table);
            foreach (var batch in batches)
            {
                columns.Append(batch);
                CsvRows.Append(lines, batch);
                rows += batch.Rows;
            }
        }
        files.Add(new(parquet, asParquet.Length, asParquet.Sha256, rows));
        files.Add(new(csv, asCsv.Length, asCsv.Sha256, rows));
        return rows;
    }

    public void Text(string name, string text)
    {
        var stream = new SealedStream(PathOf(folder, name), name, keys);
        using (stream) stream.Write(Encoding.UTF8.GetBytes(text));
        files.Add(new(name, stream.Length, stream.Sha256, null));
    }

    public void Finish(PackageContents contents)
    {
        using (var stream = new SealedStream(PathOf(folder, ContentsName), ContentsName, keys)) JsonSerializer.Serialize(stream, contents, KeptJson.Indented<PackageContents>());
        DurableFile.Sync(folder);
    }

    /// <exception cref="FailureException"><c>dataset.tampered</c>.</exception>
    public static PackageContents Read(string folder, ProjectKeys keys)
    {
        using var memory = new MemoryStream();
        SealedStream.Open(PathOf(folder, ContentsName), ContentsName, keys, memory);
        return JsonSerializer.Deserialize(memory.GetBuffer().AsSpan(0, (int)memory.Length), KeptJson.Indented<PackageContents>())!;
    }
}
