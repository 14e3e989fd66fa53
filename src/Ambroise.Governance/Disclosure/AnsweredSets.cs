using System.Buffers.Binary;
using System.Security.Cryptography;
using Ambroise.Vault.Files;

namespace Ambroise.Governance.Disclosure;

/// <summary>A set that was answered.</summary>
/// <param name="Shown">What was shown; null where the count was withheld.</param>
/// <param name="Own">The answer was made for this set, not taken over from a neighbour: later sets may take it over.</param>
sealed record AnsweredSet(PatientSet Set, int? Shown, bool Own);

/// <summary>The sets a tenant has answered, in a sealed file that only grows: fixed records under AES-256-GCM, each bound to its place and to the one before it. Held by one writer at a time.</summary>
/// <remarks>A record holds count, sketch and answer: no patient, no question, no person who asked. One edited, moved or removed from the middle is noticed.</remarks>
sealed class AnsweredSets : IDisposable
{
    const int Plain = 8 + SetSketch.Bytes + 4 + 1, NonceBytes = 12, TagBytes = 16, Stored = NonceBytes + Plain + TagBytes;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    readonly FileStream file;
    readonly AesGcm cipher;
    readonly Dictionary<long, List<AnsweredSet>> byCount = [];
    readonly byte[] context = new byte[8 + TagBytes];

    AnsweredSets(FileStream file, ReadOnlySpan<byte> key) => (this.file, cipher) = (file, new AesGcm(key, TagBytes));

    public int Count { get; private set; }

    /// <returns>The memory; or <c>disclosure.busy</c>, <c>disclosure.memory-tampered</c>.</returns>
    public static Result<AnsweredSets> Open(string path, ReadOnlyMemory<byte> key)
    {
        DurableFile.CreateFolder(Path.GetDirectoryName(path)!);
        if (Take(path) is not { } file) return new Failure(FailureKind.Conflict, "disclosure.busy", "Another count is being answered: try again.");
        var sets = new AnsweredSets(file, key.Span);
        if (sets.Load()) return sets;
        sets.Dispose();
        return new Failure(FailureKind.Tampered, "disclosure.memory-tampered", "The sealed memory of answered counts was altered: put it back from its backup. No count is shown without it.");
    }

    static FileStream? Take(string path)
    {
        var began = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return DurableFile.OpenOwnerOnly(path, FileMode.OpenOrCreate);
            }
            catch (IOException) when (File.Exists(path))
            {
                if (began.Elapsed > Patience) return null;
                Thread.Sleep(20);
            }
        }
    }

    bool Load()
    {
        // A record that was being written when the power went was never shown.
        if (file.Length % Stored != 0) file.SetLength(file.Length / Stored * Stored);
        var record = new byte[Stored];
        var plain = new byte[Plain];
        try
        {
            while (file.Position < file.Length)
            {
                file.ReadExactly(record);
                cipher.Decrypt(record.AsSpan(0, NonceBytes), record.AsSpan(NonceBytes, Plain), record.AsSpan(NonceBytes + Plain), plain, Context());
                var shown = BinaryPrimitives.ReadInt32LittleEndian(plain.AsSpan(8 + SetSketch.Bytes));
                Keep(new(new(BinaryPrimitives.ReadInt64LittleEndian(plain), SetSketch.Read(plain.AsSpan(8))), shown < 0 ? null : shown, plain[^1] == 1), record);
            }
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <returns>The answered set of exactly these patients, or null.</returns>
    public AnsweredSet? Find(PatientSet set) => byCount.GetValueOrDefault(set.Count)?.FirstOrDefault(a => a.Set.Sketch.Difference(set.Sketch) == 0);

    /// <returns>Sets with an answer of their own that differ by fewer than <paramref name="within"/> patients, the nearest first, then the smallest, then the earliest.</returns>
    public IEnumerable<(AnsweredSet Answered, int Difference)> Near(PatientSet set, int within) =>
        Enumerable.Range(-within + 1, 2 * within - 1)
            .SelectMany(d => byCount.GetValueOrDefault(set.Count + d) ?? [])
            .Where(a => a.Own)
            .Select(a => (a, Difference: a.Set.Sketch.Difference(set.Sketch) ?? int.MaxValue))
            .Where(a => a.Difference < within)
            .OrderBy(a => a.Difference);

    /// <summary>Durable when it returns.</summary>
    public void Add(AnsweredSet answered)
    {
        var plain = new byte[Plain];
        answered.Set.ToBytes().CopyTo(plain, 0);
        BinaryPrimitives.WriteInt32LittleEndian(plain.AsSpan(8 + SetSketch.Bytes), answered.Shown ?? -1);
        plain[^1] = answered.Own ? (byte)1 : (byte)0;
        var record = new byte[Stored];
        RandomNumberGenerator.Fill(record.AsSpan(0, NonceBytes));
        cipher.Encrypt(record.AsSpan(0, NonceBytes), plain, record.AsSpan(NonceBytes, Plain), record.AsSpan(NonceBytes + Plain), Context());
        file.Write(record);
        file.Flush(flushToDisk: true);
        Keep(answered, record);
    }

    void Keep(AnsweredSet answered, byte[] record)
    {
        Count++;
        if (!byCount.TryGetValue(answered.Set.Count, out var same)) byCount[answered.Set.Count] = same = [];
        same.Add(answered);
        record.AsSpan(NonceBytes + Plain).CopyTo(context.AsSpan(8));
    }

    ReadOnlySpan<byte> Context()
    {
        BinaryPrimitives.WriteInt64LittleEndian(context, Count);
        return context;
    }

    public void Dispose()
    {
        cipher.Dispose();
        file.Dispose();
    }
}
