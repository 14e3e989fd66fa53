using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Vault;

namespace Ambroise.Tests.Lake;

/// <summary>A tenant in a folder of its own, removed at the end. The ledger is a list in memory: its own durability is tested with the control plane.</summary>
sealed class TestLake : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("ambroise-lake-").FullName;
    public MemoryLedger Ledger { get; } = new();
    public KeyRing Keys { get; }
    public TenantLake Lake { get; }

    public TestLake()
    {
        Keys = KeyRing.Create(Path.Combine(Folder, "keys"), "t", new Passphrase("a passphrase for tests")).OrThrow();
        Lake = Open();
    }

    public TenantLake Open() => new(Folder, "t", Keys, Ledger, TimeProvider.System);

    public LoadReport Load(ICdmSource source, LoadMode mode = LoadMode.Replace, long memory = 1 << 30, KeepShards? keep = null) =>
        LoadRelease.RunAsync(Lake, source, new(mode, memory, 2, null) { Keep = keep ?? KeepShards.Default }, null, TestContext.Current.CancellationToken).GetAwaiter().GetResult().OrThrow();

    public void Dispose()
    {
        Keys.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}

sealed class MemoryLedger : IReleaseLedger
{
    public List<LedgerEntry> Entries { get; private set; } = [];

    public IReadOnlyList<LedgerEntry> List(string tenant) => [.. Entries];

    public void Commit(string tenant, IReadOnlyList<LedgerEntry> replaceAll) => Entries = [.. replaceAll];
}

/// <summary>Rows given in the test, a batch per table.</summary>
sealed class Rows : ICdmSource
{
    readonly Dictionary<CdmTable, Batch> batches = [];

    public string Description => "rows of a test";

    public IReadOnlyCollection<CdmTable> Tables => batches.Keys;

    public IEnumerable<Batch> Read(CdmTable table, Action<Rejected> reject, CancellationToken cancel) => [batches[table]];

    public Batch this[CdmTable table] => batches[table];

    /// <summary>Adds a whole table.</summary>
    public Rows Add(Batch batch)
    {
        batches[batch.Table] = batch;
        return this;
    }

    /// <summary>Adds a row: the values of the columns named, null elsewhere.</summary>
    public Rows Add(CdmTable table, params (string Column, object? Value)[] values)
    {
        if (!batches.TryGetValue(table, out var batch)) batches[table] = batch = new(table) { SourceFile = $"{table.Name}.csv", FirstLine = 2 };
        foreach (var column in table.Columns)
        {
            var value = values.FirstOrDefault(v => v.Column == column.Name).Value;
            switch (batch.Columns[column.Ordinal], value)
            {
                case (var c, null): c.AppendNull(); break;
                case (Int32Column c, DateOnly d): c.Append(Days.Of(d)); break;
                case (Int32Column c, var v): c.Append(Convert.ToInt32(v)); break;
                case (Int64Column c, var v): c.Append(Convert.ToInt64(v)); break;
                case (Float64Column c, var v): c.Append(Convert.ToDouble(v)); break;
                case (TextColumn c, var v): c.Append((string)v); break;
            }
        }
        return this;
    }

    public Rows Person(long id, string? sourceValue = null) => Add(Cdm54.Person, ("person_id", id), ("gender_concept_id", 8507), ("year_of_birth", 1960), ("race_concept_id", 0),
        ("ethnicity_concept_id", 0), ("person_source_value", sourceValue));

    public Rows Condition(long id, long person, int concept, string start) => Add(Cdm54.ConditionOccurrence, ("condition_occurrence_id", id), ("person_id", person),
        ("condition_concept_id", concept), ("condition_start_date", DateOnly.Parse(start)), ("condition_type_concept_id", 32817), ("condition_source_value", $"E{concept}"));
}
