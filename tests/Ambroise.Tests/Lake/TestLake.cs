using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Tests.Vault;
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
        Keys = KeyRing.Create(Path.Combine(Folder, "keys"), "t", new Passphrase("a passphrase for tests"), KeyFolderFixture.Cheap).OrThrow();
        Lake = Open();
    }

    public TenantLake Open() => new(Folder, "t", Keys, Ledger, TimeProvider.System);

    public LoadReport Load(ICdmSource source, LoadMode mode = LoadMode.Replace, long memory = 1 << 30, KeepShards? keep = null, Action? committing = null) =>
        LoadRelease.RunAsync(Lake, source, new(mode, memory, 2, null) { Keep = keep ?? KeepShards.Default, Committing = committing }, null, TestContext.Current.CancellationToken).GetAwaiter().GetResult().OrThrow();

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

    public IEnumerable<Batch> Read(CdmTable table, Action<Rejected> reject, CancellationToken cancel)
    {
        var batch = batches[table];
        if (batch.Persons.Count > 0) batch.Persons.AppendNulls(batch.Rows - batch.Persons.Count);
        return [batch];
    }

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

    /// <summary>Rows that hang on others: a note of patient <paramref name="p"/> (person 3p) and its NLP, a cost of their first condition (1,000p), a fact that links both.</summary>
    public Rows Hanging(int p) => Add(Cdm54.Note, ("note_id", (long)p), ("person_id", p * 3L), ("note_date", new DateOnly(2020, 1, 1)), ("note_type_concept_id", 1), ("note_class_concept_id", 2), ("note_text", $"Patient {p}"),
            ("encoding_concept_id", 0), ("language_concept_id", 0))
        .Add(Cdm54.NoteNlp, ("note_nlp_id", (long)p), ("note_id", (long)p), ("lexical_variant", "suivi"), ("nlp_date", new DateOnly(2020, 1, 2)))
        .Add(Cdm54.Cost, ("cost_id", (long)p), ("cost_event_id", p * 1000L), ("cost_domain_id", "Condition"), ("cost_type_concept_id", 1), ("total_cost", 12.5 * p))
        .Add(Cdm54.FactRelationship, ("domain_concept_id_1", 19), ("fact_id_1", p * 1000L), ("domain_concept_id_2", 5085), ("fact_id_2", (long)p), ("relationship_concept_id", 1));

    /// <summary>What a claim of patient <paramref name="p"/> (person 3p) became: its source record, and a cost of their first condition that lies with it. Both have the key 100,000 + p.</summary>
    /// <param name="person">Whom the cost's place is with, where it is not the record's person: 0 for nobody.</param>
    public Rows Claim(int p, long? person = null)
    {
        Add(Cdm54.SourceRecord, ("source_record_id", 100_000L + p), ("person_id", p * 3L), ("record_type", "Claim"), ("record_name", $"Claim/{p}"), ("outcome", "used"), ("row_count", 1));
        Add(Cdm54.Cost, ("cost_id", 100_000L + p), ("cost_event_id", p * 1000L), ("cost_domain_id", "Condition"), ("cost_type_concept_id", 1), ("total_charge", 2.5 * p));
        var costs = batches[Cdm54.Cost];
        costs.Persons.AppendNulls(costs.Rows - 1 - costs.Persons.Count);
        costs.Persons.Append(person switch { null => p * 3L, 0 => Null.Int64, { } of => of });
        return this;
    }

    public Rows Condition(long id, long person, int concept, string start) => Add(Cdm54.ConditionOccurrence, ("condition_occurrence_id", id), ("person_id", person),
        ("condition_concept_id", concept), ("condition_start_date", DateOnly.Parse(start)), ("condition_type_concept_id", 32817), ("condition_source_value", $"E{concept}"));
}
