using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ambroise.Sources.Fhir.Export;
using Ambroise.Sources.Fhir.Reading;

namespace Ambroise.Tests.Fhir.Export;

/// <summary>HL7 FHIR Bulk Data Access 2.0.0, against a server that does and does not do what it says.</summary>
public sealed class BulkExportSpecs : IDisposable
{
    const string Canary = "CANARI-DU-PATIENT-7Q-CANARI";
    static readonly string Patients = string.Concat(Enumerable.Range(0, 4000).Select(i => $$"""{"resourceType":"Patient","id":"p{{i}}","name":[{"family":"{{Canary}}"}]}""" + "\n"));

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-export-");
    readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    readonly HastyClock clock = new();

    static ExportRequest Ask(BulkServer server, string? since = null, string[]? types = null, TimeSpan? limit = null) => ExportRequest.Parse(server.Address, false, null, types ?? [], since, limit ?? TimeSpan.FromHours(1), false).OrThrow();

    static BulkServer Serving(bool token = false) => new() { RequiresToken = token, Files = { ["Patient.ndjson"] = Encoding.UTF8.GetBytes(Patients) } };

    BulkExport Open(ExportRequest asked, bool sinceLast = false, BackendClient? client = null) => BulkExport.Open(folder.FullName, key, asked, sinceLast, false, client, clock).OrThrow();

    static async Task<Dictionary<string, string>> Fetch(BulkExport export) => (await export.FetchAsync(TestContext.Current.CancellationToken)).OrThrow().Files.ToDictionary(f => f.Name, f =>
    {
        using var text = new StreamReader(f.Opens!());
        return text.ReadToEnd();
    });

    async Task<Failure> Fails(BulkServer server, TimeSpan? limit = null, BackendClient? client = null)
    {
        using var export = Open(Ask(server, limit: limit), client: client);
        return (await export.FetchAsync(TestContext.Current.CancellationToken)).Failed(out var failure, out _) ? failure : throw new InvalidOperationException("did not fail");
    }

    [Fact]
    public async Task Waits_as_asked_fetches_all_and_ends_the_job()
    {
        using var server = Serving();
        server.Mishap("/$export", BulkServer.Status(429, "7"), BulkServer.Status(500));
        server.Mishap("/job", BulkServer.Status(202, "120", "12% done"), BulkServer.Status(503, "60"));
        var says = new List<string>();
        using var export = Open(Ask(server, "2026-01-01T00:00:00Z", ["Condition", "Patient"]));
        export.Progressed = p => says.Add(p.Says);
        Assert.Equal(Patients, Assert.Single(await Fetch(export)).Value);
        Assert.Equal("GET /$export?_outputFormat=application/fhir+ndjson&_type=Condition,Patient&_since=2026-01-01T00:00:00Z", server.Asked[0]);
        Assert.Equal("DELETE /job", server.Asked[^1]);
        Assert.Contains("12% done", says);
        Assert.Equal(TimeSpan.FromSeconds(7 + 2 + 120 + 60), clock.Waited);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_breaks_off_goes_on_where_it_broke_or_comes_anew(bool parts)
    {
        using var server = Serving();
        server.Mishap("/files/Patient.ndjson", server.Drop("Patient.ndjson", parts));
        using var export = Open(Ask(server));
        Assert.Equal(Patients, (await Fetch(export)).Values.Single());
        Assert.Equal(parts, server.Asked.Any(a => a.Contains("bytes=", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Packed_files_are_unpacked_and_errors_are_counted_by_code_alone()
    {
        using var server = new BulkServer
        {
            Files =
            {
                ["Patient.1.ndjson"] = FhirHospital.Gzip(Patients),
                ["deleted.ndjson"] = """{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/p1"}}]}"""u8.ToArray(),
                ["errors.ndjson"] = Encoding.UTF8.GetBytes($$"""{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"exception","diagnostics":"{{Canary}}"}]}"""),
            },
        };
        using var export = Open(Ask(server));
        var files = await Fetch(export);
        Assert.Equal(Patients, files["Patient.0001.ndjson"]);
        Assert.Contains("Patient/p1", files["deleted.0001.ndjson"], StringComparison.Ordinal);
        Assert.All((await export.FetchAsync(TestContext.Current.CancellationToken)).OrThrow().Files, f => Assert.Equal(server.TransactionTime, f.AsOf?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
        Assert.Equal(new ExportProblem("error", "exception", 1), Assert.Single(export.Problems));
    }

    [Fact]
    public async Task Nothing_of_a_patient_lies_in_clear_and_what_was_altered_is_noticed()
    {
        using var server = Serving();
        using var export = Open(Ask(server));
        var fetched = (await export.FetchAsync(TestContext.Current.CancellationToken)).OrThrow();
        var spool = Directory.EnumerateFiles(folder.FullName, "*.spool", SearchOption.AllDirectories).Single();
        foreach (var file in Directory.EnumerateFiles(folder.FullName, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith("lock", StringComparison.Ordinal)))
        {
            var bytes = File.ReadAllBytes(file);
            Assert.Equal(-1, bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Canary)));
            Assert.Equal(-1, bytes.AsSpan().IndexOf("127.0.0.1"u8));
        }
        using (var altered = new FileStream(spool, FileMode.Open)) altered.SetLength(altered.Length / 2);
        using var text = fetched.Files[0].Opens!();
        Assert.Equal("export.tampered", Assert.Throws<FailureException>(() => text.CopyTo(Stream.Null)).Failure.Code);
    }

    [Fact]
    public async Task An_export_cut_off_goes_on_from_the_files_it_has()
    {
        using var server = Serving();
        server.Files["Observation.ndjson"] = "{}\n"u8.ToArray();
        server.Mishap("/files/Patient.ndjson", [.. Enumerable.Repeat(BulkServer.Status(500), 6)]);
        var failure = await Fails(server);
        Assert.Equal("export.server-failed", failure.Code);
        Assert.Contains("file 2 of 2, Patient", failure.Detail, StringComparison.Ordinal);
        using var export = Open(Ask(server));
        Assert.Equal(2, (await Fetch(export)).Count);
        Assert.True(export.IsResumed);
        Assert.Single(server.Asked, a => a.Contains("$export", StringComparison.Ordinal));
        Assert.Single(server.Asked, a => a.Contains("Observation", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_job_the_server_forgot_is_asked_for_anew()
    {
        using var server = Serving();
        server.Mishap("/job", [.. Enumerable.Repeat(BulkServer.Status(503), 6)]);
        Assert.Equal("export.server-failed", (await Fails(server)).Code);
        server.Mishap("/job", BulkServer.Status(404));
        using var export = Open(Ask(server));
        Assert.Single(await Fetch(export));
        Assert.Equal(2, server.Asked.Count(a => a.Contains("$export", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_job_that_failed_on_the_server_is_not_waited_for_again()
    {
        using var server = Serving();
        server.Mishap("/job", [.. Enumerable.Repeat(BulkServer.Status(500), 6)]);
        var failure = await Fails(server);
        Assert.Equal("export.server-failed", failure.Code);
        Assert.Contains("the next run asks for it anew", failure.Detail, StringComparison.Ordinal);
        using var export = Open(Ask(server));
        Assert.Single(await Fetch(export));
        Assert.False(export.IsResumed);
        Assert.Equal(2, server.Asked.Count(a => a.Contains("$export", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Of_an_export_that_lacked_something_the_next_increment_asks_again()
    {
        using var server = Serving();
        using (var first = Open(Ask(server), sinceLast: true))
        {
            await Fetch(first);
            first.Loaded(whole: false);
        }
        using var second = Open(Ask(server), sinceLast: true);
        Assert.Null(second.Since);
        Assert.False(second.IsResumed);
    }

    /// <summary>Bulk Data 2.0.0: error files say what could not be exported.</summary>
    [Theory]
    [InlineData("""{"resourceType":"OperationOutcome","issue":[{"severity":"fatal","code":"exception"}]}""", false)]
    [InlineData("""{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"exception"},{"severity":"error","code":"timeout"}]}""", false)]
    [InlineData("<html>", false)]
    [InlineData("""{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"exception"},{"severity":"information","code":"informational"}]}""", true)]
    public async Task Of_an_export_that_failed_in_part_the_next_increment_asks_again(string problems, bool moves)
    {
        using var server = Serving();
        server.Files["errors.ndjson"] = Encoding.UTF8.GetBytes(problems);
        using (var first = Open(Ask(server), sinceLast: true))
        {
            await Fetch(first);
            Assert.Equal(moves, first.IsWhole);
            first.Loaded(whole: true);
        }
        using var second = Open(Ask(server), sinceLast: true);
        Assert.Equal(moves ? server.TransactionTime : null, second.Since);
    }

    [Fact]
    public async Task The_next_increment_starts_where_the_last_that_was_loaded_ended()
    {
        using var server = Serving();
        using (var first = Open(Ask(server), sinceLast: true))
        {
            Assert.Null(first.Since);
            await Fetch(first);
            first.Loaded(whole: true);
        }
        Assert.Empty(Directory.EnumerateFiles(folder.FullName, "*.spool", SearchOption.AllDirectories));
        using var second = Open(Ask(server), sinceLast: true);
        Assert.Equal("2026-03-01T00:00:00Z", second.Since);
    }

    /// <summary>A time that somebody names leaves out what changed before it: the mark stays where nothing else asked for that.</summary>
    [Theory]
    [InlineData(null, "2024-07-01T00:00:00Z", null)]
    [InlineData("2024-05-01T00:00:00Z", "2024-07-01T00:00:00Z", "2024-05-01T00:00:00Z")]
    [InlineData("2024-05-01T00:00:00Z", "2024-05-01T00:00:00Z", "2024-08-01T00:00:00Z")]
    [InlineData("2024-05-01T00:00:00Z", "2024-05-01T01:30:00+02:00", "2024-08-01T00:00:00Z")]
    [InlineData("2024-05-01T00:00:00Z", null, "2024-08-01T00:00:00Z")]
    public async Task A_time_that_was_named_moves_the_next_increment_over_no_gap(string? loaded, string? since, string? next)
    {
        using var server = Serving();
        async Task<string?> Load(string? since)
        {
            using var export = Open(Ask(server, since));
            await Fetch(export);
            return export.Loaded(whole: true);
        }
        if (loaded is not null)
        {
            server.TransactionTime = loaded;
            Assert.Equal(loaded, await Load(null));
        }
        server.TransactionTime = "2024-08-01T00:00:00Z";
        Assert.Equal(next, await Load(since));
        using var increment = Open(Ask(server), sinceLast: true);
        Assert.Equal(next, increment.Since);
    }

    /// <summary>A disk that is full is no server that breaks off: nothing is asked again, and what came before is kept.</summary>
    [Fact]
    public async Task A_disk_that_refuses_is_told_at_once()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "This system has no disk that is always full.");
        using var server = Serving();
        server.Files["Observation.ndjson"] = "{}\n"u8.ToArray();
        server.Mishap("/files/Patient.ndjson", BulkServer.Status(400));
        Assert.Equal("export.refused", (await Fails(server)).Code);
        var spool = Directory.EnumerateFiles(folder.FullName, "000002.spool", SearchOption.AllDirectories).Single();
        File.Delete(spool);
        File.CreateSymbolicLink(spool, "/dev/full");
        Assert.Equal("lake.disk", (await Fails(server)).Code);
        Assert.Equal((2, TimeSpan.Zero), (server.Asked.Count(a => a.Contains("Patient", StringComparison.Ordinal)), clock.Waited));
        File.Delete(spool);
        using var export = Open(Ask(server));
        Assert.Equal(2, (await Fetch(export)).Count);
        Assert.Single(server.Asked, a => a.Contains("Observation", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_without_end_meets_the_limit()
    {
        using var server = Serving();
        server.Mishap("/job", [.. Enumerable.Repeat(BulkServer.Status(202, "60"), 200)]);
        Assert.Equal("export.time-limit", (await Fails(server, TimeSpan.FromMinutes(90))).Code);
        Assert.InRange(clock.Waited, TimeSpan.FromMinutes(89), TimeSpan.FromMinutes(90));
    }

    [Theory]
    [InlineData("RS384")]
    [InlineData("ES384")]
    public async Task Who_asks_is_proved_by_a_signed_assertion_and_again_when_the_token_ends(string algorithm)
    {
        using var server = Serving(token: true);
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var pem = Path.Combine(folder.FullName, "key.pem");
        File.WriteAllText(pem, algorithm == "RS384" ? rsa.ExportPkcs8PrivateKeyPem() : ec.ExportECPrivateKeyPem());
        using var client = ClientKey.Read(pem, "kid-1").OrThrow();
        server.Mishap("/job", BulkServer.Status(202, "600")); // longer than the token lives
        server.Mishap("/files/Patient.ndjson", BulkServer.Status(401));
        using var export = Open(Ask(server), client: new("ambroise", client, null, null));
        Assert.Single(await Fetch(export));
        Assert.True(server.TokenRequests.Count >= 3);
        var form = server.TokenRequests[0].Split('&').Select(p => p.Split('=')).ToDictionary(p => p[0], p => Uri.UnescapeDataString(p[1]));
        Assert.Equal(("client_credentials", "system/*.rs"), (form["grant_type"], form["scope"]));
        var parts = form["client_assertion"].Split('.');
        var (signed, signature) = (Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.Decode(parts[2]));
        Assert.True(algorithm == "RS384" ? rsa.VerifyData(signed, signature, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1) : ec.VerifyData(signed, signature, HashAlgorithmName.SHA384));
        Assert.Contains($"\"{algorithm}\"", Encoding.UTF8.GetString(Base64Url.Decode(parts[0])), StringComparison.Ordinal);
        Assert.Contains($"\"aud\":\"{server.Address}/token\"", Encoding.UTF8.GetString(Base64Url.Decode(parts[1])), StringComparison.Ordinal);
        Assert.Contains("\"kid-1\"", Encoding.UTF8.GetString(Base64Url.Decode(parts[0])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_wants_to_know_who_asks_is_told_of()
    {
        using var server = Serving(token: true);
        Assert.Equal("export.refused", (await Fails(server)).Code);
    }

    [Theory]
    [InlineData("http://fhir.example/r4", "export.plain-http")]
    [InlineData("https://name:word@fhir.example/r4", "export.address-invalid")]
    [InlineData("https://fhir.example/r4?x=1", "export.address-invalid")]
    public void An_address_that_would_tell_secrets_is_refused(string address, string code)
    {
        Assert.True(ExportRequest.Parse(address, false, null, [], null, TimeSpan.FromHours(1), false).Failed(out var failure, out _));
        Assert.Equal(code, failure.Code);
    }

    public void Dispose() => folder.Delete(recursive: true);
}
