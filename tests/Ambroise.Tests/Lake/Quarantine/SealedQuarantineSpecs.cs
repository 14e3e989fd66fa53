using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Lake.Quarantine;
using Ambroise.Lake.Releases;
using Ambroise.Lake.Writing;
using Ambroise.Tests.Cohorts.Generated;

namespace Ambroise.Tests.Lake.Quarantine;

public sealed class SealedQuarantineSpecs
{
    [Fact]
    public void However_many_rows_are_rejected_they_come_back_in_order_with_their_texts()
    {
        using var test = new TestLake();
        var (early, later) = (Many(1500, seed: 1), Many(1500, seed: 2));
        var report = test.Load(new Refusing(Patients.Condition(10, 3, 5, "2020-01-01").Condition(10, 3, 5, "2020-01-02"), (Cdm54.Person, early), (Cdm54.ConditionOccurrence, later)));

        var file = report.Manifest.Files.Single(f => f.Part == FilePart.Quarantine);
        Assert.True(Pieces(test, file).Count > 4, $"{Pieces(test, file).Count} pieces");
        Assert.EndsWith(".rejected", file.Path, StringComparison.Ordinal);
        var read = SealedQuarantine.Read(test.Lake, report.Manifest).Select(Told).ToList();
        Assert.Equal([.. early.Select(Told), .. later.Select(Told)], read[..^1]);
        Assert.StartsWith("condition_occurrence|condition_occurrence.csv|3|condition_occurrence_id|key-duplicate|3|", read[^1], StringComparison.Ordinal);
        Assert.Equal((3001L, 3001L), (report.Manifest.Quarantined, file.Rows));
        var expected = early.Concat(later).CountBy(r => (r.Table, r.Field ?? "", r.Reason)).Select(c => (c.Key, (long)c.Value)).Append((("condition_occurrence", "condition_occurrence_id", "key-duplicate"), 1L)).ToHashSet();
        Assert.Equal(expected, report.Rejects.Select(r => (r.Key, r.Value)).ToHashSet());
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
    }

    [Fact]
    public void A_load_that_rejects_nothing_makes_no_file()
    {
        using var test = new TestLake();
        var release = test.Load(Patients).Manifest;
        Assert.Empty(SealedQuarantine.Read(test.Lake, release));
        Assert.DoesNotContain(release.Files, f => f.Part == FilePart.Quarantine);
        Assert.Empty(Sealed(test));
    }

    [Theory]
    [InlineData("a byte", "lake.file-damaged")]
    [InlineData("a length", "lake.file-damaged")]
    [InlineData("swapped", "lake.file-damaged")]
    [InlineData("one twice", "lake.file-changed")]
    [InlineData("first gone", "lake.file-changed")]
    [InlineData("last gone", "lake.file-changed")]
    [InlineData("cut", "lake.file-changed")]
    [InlineData("cut in a length", "lake.file-changed")]
    [InlineData("empty", "lake.file-changed")]
    [InlineData("gone", "lake.file-missing")]
    public void A_file_that_is_not_as_it_was_sealed_is_told(string what, string code)
    {
        using var test = new TestLake();
        var release = test.Load(new Refusing(Patients, (Cdm54.Person, Many(2000, seed: 3)))).Manifest;
        var file = release.Files.Single(f => f.Part == FilePart.Quarantine);
        var path = Path.Combine(test.Folder, file.Path);
        var pieces = Pieces(test, file);
        byte[][] changed = what switch
        {
            "a byte" => [.. pieces[..^1], [.. pieces[^1][..^1], (byte)(pieces[^1][^1] ^ 1)]],
            "a length" => [[.. pieces[0][..3], 0x7F, .. pieces[0][4..]], .. pieces[1..]],
            "swapped" => [pieces[1], pieces[0], .. pieces[2..]],
            "one twice" => [.. pieces, pieces[^1]],
            "first gone" => [.. pieces[1..]],
            "last gone" => [.. pieces[..^1]],
            "cut" => [.. pieces[..^1], pieces[^1][..^9]],
            "cut in a length" => [.. pieces[..^1], pieces[^1][..3]],
            _ => [],
        };
        byte[] bytes = [.. changed.SelectMany(p => p)];
        File.Delete(path);
        if (what != "gone") File.WriteAllBytes(path, bytes);
        Assert.Equal(code, Assert.Throws<FailureException>(() => SealedQuarantine.Read(test.Lake, release).Count()).Failure.Code);
        Assert.Equal(code, Erased(test, 3).Failure.Code);

        // The pieces themselves tell, were it not for length and hash.
        if (what is "gone" or "empty") return;
        var sha = Convert.ToHexStringLower(SHA256.HashData(bytes));
        Assert.Equal("lake.file-damaged", Assert.Throws<FailureException>(() => SealedQuarantine.Read(test.Lake, file with { Bytes = bytes.Length, Sha256 = sha }).Count()).Failure.Code);
    }

    [Fact]
    public void A_file_whose_hash_is_another_is_told_though_every_piece_opens()
    {
        using var test = new TestLake();
        var file = test.Load(new Refusing(Patients, (Cdm54.Person, Many(10, seed: 4)))).Manifest.Files.Single(f => f.Part == FilePart.Quarantine);
        Assert.Equal("lake.file-changed", Assert.Throws<FailureException>(() => SealedQuarantine.Read(test.Lake, file with { Sha256 = new('0', 64) }).Count()).Failure.Code);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void A_file_sealed_as_a_whole_by_an_earlier_version_is_read_and_an_erasure_takes_rows_out_of_either(bool whole)
    {
        using var test = new TestLake();
        var rejected = Many(2000, seed: 5);
        test.Load(new Refusing(Patients, (Cdm54.Person, rejected)));
        if (whole) SealAsAWhole(test);
        var before = Quarantine(test)!;
        Assert.Equal(whole, before.Path.EndsWith(".sealed", StringComparison.Ordinal));
        Assert.Equal(rejected.Select(Told), Read(test));

        Assert.Empty(Erasure.Run(test.Lake, [99], null, TestContext.Current.CancellationToken).OrThrow().Removed);
        Assert.Equal(before, Quarantine(test));
        var report = Erasure.Run(test.Lake, [3], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Contains(before.Path, report.Removed);
        Assert.Equal(rejected.Where(r => r.Person != 3).Select(Told), Read(test));
        var left = Quarantine(test)!;
        Assert.Contains(left.Path, report.Written);
        Assert.EndsWith(".rejected", left.Path, StringComparison.Ordinal);
        Assert.Equal(rejected.Count(r => r.Person == 3) + 1, report.Rows); // and their PERSON
        Assert.Equal(rejected.Count(r => r.Person != 3), test.Lake.Release(1).OrThrow().Quarantined);
        Assert.Equal([left.Path], Sealed(test));
        Assert.Null(Verification.Run(test.Lake, null, TestContext.Current.CancellationToken).Fault);
    }

    [Fact]
    public void A_quarantine_of_nobody_else_goes_with_the_person()
    {
        using var test = new TestLake();
        test.Load(new Refusing(Patients, (Cdm54.Person, [.. Many(50, seed: 6).Select(r => r with { Person = 3 })])));
        Erasure.Run(test.Lake, [3], null, TestContext.Current.CancellationToken).OrThrow();
        Assert.Null(Quarantine(test));
        Assert.Equal(0, test.Lake.Release(1).OrThrow().Quarantined);
        Assert.Empty(Sealed(test));
    }

    [Fact]
    public void A_whole_that_was_changed_is_told()
    {
        using var test = new TestLake();
        test.Load(new Refusing(Patients, (Cdm54.Person, Many(10, seed: 7))));
        SealAsAWhole(test);
        var file = Quarantine(test)!;
        var bytes = File.ReadAllBytes(Path.Combine(test.Folder, file.Path));
        bytes[^1] ^= 1;
        File.WriteAllBytes(Path.Combine(test.Folder, file.Path), bytes);
        Assert.Equal("lake.file-changed", Assert.Throws<FailureException>(() => Read(test)).Failure.Code);
        var sha = Convert.ToHexStringLower(SHA256.HashData(bytes));
        Assert.Equal("lake.file-damaged", Assert.Throws<FailureException>(() => SealedQuarantine.Read(test.Lake, file with { Sha256 = sha }).Count()).Failure.Code);
        File.Delete(Path.Combine(test.Folder, file.Path));
        Assert.Equal("lake.file-missing", Assert.Throws<FailureException>(() => Read(test)).Failure.Code);
    }

    /// <summary>Rows are on disk while the load goes on, so not in memory; sealed, and gone where it fails.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task A_row_is_sealed_as_it_is_rejected_and_a_load_that_fails_leaves_none(bool persons)
    {
        using var test = new TestLake();
        var looked = false;
        var source = new Refusing(Patients.Condition(10, 3, 5, "2020-01-01"), (persons ? Cdm54.Person : Cdm54.ConditionOccurrence, [.. Many(3000, seed: 8).Select(r => r with { Row = Encoding.UTF8.GetBytes($"CANARYREJECTED {r.Line}, {Encoding.UTF8.GetString(r.Row.Span)}") })]))
        {
            Refused = () =>
            {
                looked = true;
                Assert.True(new FileInfo(Path.Combine(test.Folder, Assert.Single(Sealed(test)))).Length > 1 << 20);
                NoCanary(test);
                throw new Failure(FailureKind.Invalid, "source.test", "The source ends here.").AsException();
            },
        };
        var loaded = await LoadRelease.RunAsync(test.Lake, source, new(LoadMode.Replace, 1 << 26, 1, null), null, TestContext.Current.CancellationToken);
        Assert.True(loaded.Failed(out var failure, out _));
        Assert.Equal(("source.test", true), (failure.Code, looked));
        Assert.Empty(Sealed(test));
        Assert.DoesNotContain("r1", test.Keys.Groups);

        var limited = await LoadRelease.RunAsync(test.Lake, new Refusing(source), new(LoadMode.Replace, 1 << 26, 1, 100), null, TestContext.Current.CancellationToken);
        Assert.True(limited.Failed(out failure, out _));
        Assert.Equal("load.rejects", failure.Code);
        Assert.Empty(Sealed(test));

        Assert.Equal(3000, test.Load(new Refusing(source)).Manifest.Quarantined);
        NoCanary(test);
    }

    static Rows Patients => new Rows().Person(3).Person(6);

    /// <summary>Rows of a kilobyte or two that do not compress to nothing; one in ten has no text.</summary>
    static List<Rejected> Many(int count, ulong seed)
    {
        var dice = new Dice(seed);
        return [.. Enumerable.Range(1, count).Select(line => new Rejected(dice.Pick("visit_occurrence", "measurement"), dice.Pick("é.csv", "b.csv"), line, dice.Pick(null, "value_as_number", "person_id"), dice.Pick("value-unparseable", "person-missing"),
            dice.Pick<long?>(null, 3, 6, 404), Encoding.UTF8.GetBytes(line % 10 == 0 ? "" : string.Concat(Enumerable.Range(0, dice.Of(100, 400)).Select(_ => $"{dice.Of(0, int.MaxValue - 1)};")))))];
    }

    static string Told(Rejected r) => $"{r.Table}|{r.File}|{r.Line}|{r.Field}|{r.Reason}|{r.Person}|{Encoding.UTF8.GetString(r.Row.Span)}";

    static List<string> Read(TestLake test) => [.. SealedQuarantine.Read(test.Lake, test.Lake.Release(1).OrThrow()).Select(Told)];

    static LakeFile? Quarantine(TestLake test) => test.Lake.Release(1).OrThrow().Files.SingleOrDefault(f => f.Part == FilePart.Quarantine);

    static List<string> Sealed(TestLake test) => Directory.Exists(Path.Combine(test.Folder, "quarantine")) ? [.. Directory.EnumerateFiles(Path.Combine(test.Folder, "quarantine")).Select(f => $"quarantine/{Path.GetFileName(f)}")] : [];

    static FailureException Erased(TestLake test, long person) => Assert.Throws<FailureException>(() => Erasure.Run(test.Lake, [person], null, TestContext.Current.CancellationToken).OrThrow());

    static void NoCanary(TestLake test)
    {
        foreach (var file in Directory.EnumerateFiles(test.Folder, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)))
        {
            using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[open.Length];
            open.ReadExactly(bytes);
            foreach (var canary in new[] { "CANARYREJECTED", Convert.ToBase64String("CANARYREJECTED"u8)[..^2] }) Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(canary)) < 0, $"{canary} in {file}");
        }
    }

    static List<byte[]> Pieces(TestLake test, LakeFile file)
    {
        var bytes = File.ReadAllBytes(Path.Combine(test.Folder, file.Path));
        var pieces = new List<byte[]>();
        for (int at = 0, length; at < bytes.Length; at += length) pieces.Add(bytes[at..(at + (length = 4 + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at))))]);
        return pieces;
    }

    /// <summary>Has release 1 hold its quarantine as earlier versions of the program wrote it: nonce, tag, cipher text of all lines.</summary>
    static void SealAsAWhole(TestLake test)
    {
        var release = test.Lake.Release(1).OrThrow();
        var file = release.Files.Single(f => f.Part == FilePart.Quarantine);
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            foreach (var r in SealedQuarantine.Read(test.Lake, release))
            {
                var row = new Dictionary<string, object> { ["table"] = r.Table, ["file"] = r.File, ["line"] = r.Line, ["reason"] = r.Reason, ["row"] = Convert.ToBase64String(r.Row.Span) };
                if (r.Field is { } field) row["field"] = field;
                if (r.Person is { } person) row["person"] = person;
                brotli.Write([.. JsonSerializer.SerializeToUtf8Bytes(row), (byte)'\n']);
            }
        var path = "quarantine/r1-0123abcd.sealed";
        byte[] nonce = RandomNumberGenerator.GetBytes(12), tag = new byte[16], cipher = new byte[packed.Length];
        using (var gcm = new AesGcm(test.Keys.Get("r1", "quarantine").Span, 16)) gcm.Encrypt(nonce, packed.ToArray(), cipher, tag, Encoding.UTF8.GetBytes(path));
        byte[] bytes = [.. nonce, .. tag, .. cipher];
        File.WriteAllBytes(Path.Combine(test.Folder, path), bytes);
        File.Delete(Path.Combine(test.Folder, file.Path));
        var sha = Convert.ToHexStringLower(SHA256.HashData(bytes));
        test.Lake.Publish([release with { Files = [.. release.Files.Select(f => f == file ? f with { Path = path, Bytes = bytes.Length, Sha256 = sha, FooterSha256 = sha } : f)] }], from: 0);
    }

    /// <summary>Rows of a test, and rows that cannot be accepted, told as their table is read.</summary>
    sealed class Refusing(Rows rows, params (CdmTable While, List<Rejected> Rejected)[] refused) : ICdmSource
    {
        public Refusing(Refusing same) : this(same.Rows, same.RefusedRows)
        {
        }

        Rows Rows { get; } = rows;
        (CdmTable While, List<Rejected> Rejected)[] RefusedRows { get; } = refused;

        /// <summary>Called when the rows of a table were refused.</summary>
        public Action Refused { get; init; } = () => { };

        public string Description => Rows.Description;

        public IReadOnlyCollection<CdmTable> Tables => Rows.Tables;

        public IEnumerable<Batch> Read(CdmTable table, Action<Rejected> reject, CancellationToken cancel)
        {
            foreach (var (_, rejected) in RefusedRows.Where(r => r.While == table))
            {
                foreach (var row in rejected) reject(row);
                Refused();
            }
            return Rows.Read(table, reject, cancel);
        }
    }
}
