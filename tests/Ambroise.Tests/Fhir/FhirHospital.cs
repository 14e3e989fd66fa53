using System.IO.Compression;
using System.Text;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Kept;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Sources.Fhir;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Mapping;
using Ambroise.Sources.Fhir.Reading;
using Ambroise.Tests.Lake;
using DuckDB.NET.Data;

namespace Ambroise.Tests.Fhir;

/// <summary>A tenant that is sent FHIR, and what its release then holds.</summary>
sealed class FhirHospital : IDisposable
{
    readonly TestLake test = new();
    readonly ReadOnlyMemory<byte> names;
    string Back => $"{test.Folder}-back";
    (int Release, string Content) exported;
    int loads;

    public FhirHospital()
    {
        test.Keys.Create("fhir", ["names"]);
        names = test.Keys.Get("fhir", "names");
    }

    /// <summary>What codes mean: nothing, without a vocabulary.</summary>
    public CodeBook Codes { get; set; } = CodeBook.Empty;

    /// <summary>When merges leave a shard as it is.</summary>
    public KeepShards Keep { get; init; } = KeepShards.Default;

    /// <summary>Bytes of rows in memory, and a quarter of it for the index: with 4 KiB of sixteen resources.</summary>
    public long Memory { get; init; } = 64 << 20;

    /// <summary>False where a test loads dozens of times and verifies at its end: every verification reads all releases.</summary>
    public bool VerifiesEachLoad { get; init; } = true;

    /// <summary>The address of the server that sends; null for files in a folder.</summary>
    public string? Server { get; set; }

    /// <summary>What happens before a release is seen.</summary>
    public Action<FhirSource>? Committing { get; set; }

    public FhirReport Report { get; private set; } = null!;

    /// <summary>What the Consents of the last load said.</summary>
    public IReadOnlyList<ConsentDecision> Consents { get; private set; } = [];

    public IReadOnlyList<PersonDecision> Decisions { get; private set; } = [];

    /// <summary>The quarantine of the last load.</summary>
    public IReadOnlyList<Rejected> Rejected { get; private set; } = [];

    /// <summary>Loads lines of NDJSON.</summary>
    /// <returns>The release's content hash.</returns>
    public string Load(LoadMode mode, params string[] lines) => LoadFiles(mode, new() { ["all.ndjson"] = Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n") });

    public string LoadFiles(LoadMode mode, Dictionary<string, byte[]> files, FhirOptions? options = null)
    {
        var folder = Path.Combine(test.Folder, $"sent{++loads}");
        Directory.CreateDirectory(folder);
        foreach (var (name, bytes) in files) File.WriteAllBytes(Path.Combine(folder, name), bytes);
        var sent = FhirFolder.Open(folder).OrThrow();
        var content = LoadFolder(mode, Server is null ? sent : FhirFolder.Of(Server, sent.Files), options);
        Directory.Delete(folder, recursive: true);
        return content;
    }

    public string LoadFolder(LoadMode mode, FhirFolder sent, FhirOptions? options = null)
    {
        var loaded = DamagedFileException.WithoutAsync(() =>
        {
            using var source = new FhirSource(sent, Codes, options ?? FhirOptions.Default, names, Memory, 2, TimeProvider.System);
            var report = test.Load(source, mode, keep: Keep, committing: () => Committing?.Invoke(source));
            (Consents, Decisions) = (source.Consents, source.PersonDecisions);
            return Task.FromResult(report);
        }).GetAwaiter().GetResult();
        Assert.Equal(Decisions, SealedRecords.Read(test.Lake, loaded.Manifest, SealedRecords.Decisions).Select(PersonDecision.Of));
        Report = FhirReport.Parse(SealedReport.Read(test.Lake, loaded.Manifest).OrThrow().Content)!;
        Assert.All(Report.Rows, r => Assert.Contains(r.Table, FhirSource.Manifest.Resources.Single(m => m.Type == r.Type).Tables));
        Rejected = [.. SealedQuarantine.Read(test.Lake, loaded.Manifest)];
        if (VerifiesEachLoad) Verify();
        return loaded.Manifest.Content;
    }

    /// <summary>Drops every release: the next load is the first, under the same keys.</summary>
    public void Forget()
    {
        test.Ledger.Commit("t", []);
        Directory.Delete(Path.Combine(test.Lake.Folder, "releases"), recursive: true);
    }

    /// <summary>Checks all that the loads left.</summary>
    public void Verify() => Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);

    /// <summary>Resources by type, fate and reason.</summary>
    public long Fate(string type, string kind, string reason) => Report.Fates.Where(f => f.Type == type && f.Kind == kind && f.Reason == reason).Sum(f => f.Count);

    /// <summary>A note of the report: how often.</summary>
    public long Noted(string type, string reason) => Report.Notes.Where(n => n.Type == type && n.Reason == reason).Sum(n => n.Count);

    /// <summary>Rows of the newest release, as text; null as the empty string.</summary>
    /// <param name="columns">Or <c>*</c> for the whole row, with what DuckDB lets follow it.</param>
    public List<string> Rows(string table, params string[] columns)
    {
        var file = Path.Combine(Exported(), $"{table}.parquet");
        var rows = new List<string>();
        if (File.Exists(file))
        {
            using var connection = new DuckDBConnection("DataSource=:memory:");
            connection.Open();
            using var command = connection.CreateCommand();
            var row = columns is [['*', ..] all] ? $"cast(t as varchar) from (select {all} from read_parquet('{file}')) t order by 1 --" : $"concat_ws('|', {string.Join(", ", columns.Select(c => $"coalesce(cast({c} as varchar), '')"))})";
            command.CommandText = $"select {row} from read_parquet('{file}') t order by 1";
            using var reader = command.ExecuteReader();
            while (reader.Read()) rows.Add(reader.GetString(0));
        }
        return rows;
    }

    /// <summary>The rows of a query over the newest release, each table a view of its name; a row's first column as text.</summary>
    public List<string> Query(string sql)
    {
        var (to, rows) = (Exported(), new List<string>());
        using (var connection = new DuckDBConnection("DataSource=:memory:"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            foreach (var table in Cdm54.All)
            {
                var file = Path.Combine(to, $"{table.Name}.parquet");
                command.CommandText = File.Exists(file) ? $"create view {table.Name} as from read_parquet('{file}')" : $"create view {table.Name} as select {string.Join(", ", table.Columns.Select(c => $"null as \"{c.Name}\""))} where false";
                command.ExecuteNonQuery();
            }
            command.CommandText = sql;
            using var reader = command.ExecuteReader();
            while (reader.Read()) rows.Add(reader.IsDBNull(0) ? "" : Convert.ToString(reader.GetValue(0), System.Globalization.CultureInfo.InvariantCulture)!);
        }
        return rows;
    }

    /// <summary>The newest release as files, written once however often it is asked; beside the tenant's folder, which holds nothing in the clear.</summary>
    string Exported()
    {
        var newest = Lake.Release(null).OrThrow();
        if (exported == (newest.Release, newest.Content)) return Back;
        if (Directory.Exists(Back)) Directory.Delete(Back, recursive: true);
        Reversibility.Export(Lake, null, Back, ExportFormat.Parquet, null, TestContext.Current.CancellationToken).OrThrow();
        exported = (newest.Release, newest.Content);
        return Back;
    }

    public TenantLake Lake => test.Lake;

    /// <summary>Loads tables.</summary>
    public void Load(Rows tables) => test.Load(tables, LoadMode.Merge, keep: Keep);

    /// <summary>Leaves the costs as an earlier version of the program did: in no patient's shard, each under the key of its record.</summary>
    public void ShareCosts()
    {
        var (manifest, costs) = (Lake.Release(null).OrThrow(), new Batch(Cdm54.Cost));
        foreach (var batch in StoredRows.Shards(manifest, Cdm54.Cost).SelectMany(s => StoredRows.Read(Lake, manifest, s, Cdm54.Cost)))
            for (var c = 0; c < costs.Columns.Length; c++) costs.Columns[c].AppendRange(batch.Columns[c], 0, batch.Rows);
        Load(new Rows().Add(costs));
    }

    /// <summary>Every file under the tenant's folder, as bytes.</summary>
    public IEnumerable<byte[]> FilesAtRest() => Directory.EnumerateFiles(test.Folder, "*", SearchOption.AllDirectories).Select(File.ReadAllBytes);

    public static byte[] Gzip(string text)
    {
        using var to = new MemoryStream();
        using (var gzip = new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return to.ToArray();
    }

    public void Dispose()
    {
        if (Directory.Exists(Back)) Directory.Delete(Back, recursive: true);
        test.Dispose();
    }
}
