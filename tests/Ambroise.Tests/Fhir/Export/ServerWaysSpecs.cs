using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ambroise.Sources.Fhir.Export;

namespace Ambroise.Tests.Fhir.Export;

/// <summary>What the specification lets servers do, and what real ones do: levels, redirects, lists in parts, dates to wait for, lines that break anywhere.</summary>
public sealed class ServerWaysSpecs : IDisposable
{
    static readonly string Patients = string.Concat(Enumerable.Range(0, 4000).Select(i => $$"""{"resourceType":"Patient","id":"p{{i}}"}""" + "\n"));

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ambroise-export-");
    readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    readonly HastyClock clock = new();

    static BulkServer Serving(bool token = false) => new() { RequiresToken = token, Files = { ["Patient.ndjson"] = Encoding.UTF8.GetBytes(Patients) } };

    BulkExport Open(BulkServer server) => BulkExport.Open(folder.FullName, key, ExportRequest.Parse(server.Address, false, null, [], null, TimeSpan.FromHours(1), false).OrThrow(), false, false, null, clock).OrThrow();

    async Task<string> Fetch(BulkServer server, bool patients = false, string? group = null, BackendClient? client = null)
    {
        var asked = ExportRequest.Parse(server.Address, patients, group, [], null, TimeSpan.FromHours(1), false).OrThrow();
        using var export = BulkExport.Open(folder.FullName, key, asked, false, false, client, clock).OrThrow();
        var texts = new List<string>();
        foreach (var file in (await export.FetchAsync(TestContext.Current.CancellationToken)).OrThrow().Files)
        {
            using var text = new StreamReader(file.Opens!());
            texts.Add(text.ReadToEnd());
        }
        return string.Concat(texts);
    }

    [Theory]
    [InlineData(false, null, "/$export")]
    [InlineData(true, null, "/Patient/$export")]
    [InlineData(false, "cohort-1.2", "/Group/cohort-1.2/$export")]
    public async Task Asks_at_the_level_that_was_named(bool patients, string? group, string path)
    {
        using var server = Serving();
        Assert.Equal(Patients, await Fetch(server, patients, group));
        Assert.Equal($"GET {path}?_outputFormat=application/fhir+ndjson", server.Asked[0]);
    }

    [Theory]
    [InlineData("../Patient")]
    [InlineData("a/b")]
    [InlineData("")]
    public void A_group_that_is_no_id_is_refused(string group)
    {
        Assert.True(ExportRequest.Parse("http://127.0.0.1/fhir", false, group, [], null, TimeSpan.FromHours(1), false).Failed(out var failure, out _));
        Assert.Equal("export.group-invalid", failure.Code);
    }

    [Fact]
    public async Task A_date_to_wait_for_is_set_against_the_servers_own_clock()
    {
        using var server = Serving();
        server.Mishap("/job", context =>
        {
            context.Response.Headers["Date"] = "Sun, 01 Mar 2020 10:00:00 GMT";
            BulkServer.Status(202, "Sun, 01 Mar 2020 10:01:30 GMT")(context);
        }, context =>
        {
            context.Response.Headers["Date"] = "Sun, 01 Mar 2020 10:02:00 GMT";
            BulkServer.Status(503, "Sun, 01 Mar 2020 10:01:00 GMT")(context); // over already
        });
        Assert.Equal(Patients, await Fetch(server));
        Assert.Equal(90 + 1, clock.Waited.TotalSeconds, 1e-9);
    }

    [Fact]
    public async Task A_list_in_parts_is_read_to_its_end()
    {
        using var server = Serving();
        server.Files["Observation.ndjson"] = "{}\n"u8.ToArray();
        string Part(string type, string next) => $$"""{"transactionTime":"2026-03-01T00:00:00Z","requiresAccessToken":false,"output":[{"type":"{{type}}","url":"files/{{type}}.ndjson"}],"error":[],"link":[{{next}}]}""";
        server.Mishap("/job", BulkServer.Json(Part("Patient", """{"relation":"next","url":"job?page=2"}""")), BulkServer.Status(429, "3"), BulkServer.Json(Part("Observation", """{"relation":"self","url":"job"}""")));
        Assert.Equal("{}\n" + Patients, await Fetch(server));
        Assert.Equal(2, server.Asked.Count(a => a == "GET /job?page=2"));
    }

    static string List(string output, string more = "", string time = "\"2026-03-01T00:00:00Z\"", string requires = "false") => $$"""{"transactionTime":{{time}},"requiresAccessToken":{{requires}},"output":[{{output}}],"error":[]{{more}}}""";

    [Theory]
    [InlineData("""{"type":"Patient","url":"files/Patient.ndjson"}""", "null", "false")]
    [InlineData("""{"type":"Patient","url":"files/Patient.ndjson"}""", "17", "false")]
    [InlineData("""{"type":"Patient","url":null}""", "\"2026-03-01T00:00:00Z\"", "false")]
    [InlineData("""{"type":"Patient"}""", "\"2026-03-01T00:00:00Z\"", "false")]
    [InlineData("""{"type":"Patient","url":"files/Patient.ndjson"}""", "\"2026-03-01T00:00:00Z\"", "\"no\"")]
    public async Task A_list_that_lacks_what_it_must_say_is_none(string file, string time, string requires)
    {
        using var server = Serving();
        server.Mishap("/job", BulkServer.Json(List(file, time: time, requires: requires)));
        Assert.Equal("export.answer-invalid", (await Assert.ThrowsAsync<FailureException>(() => Fetch(server))).Failure.Code);
    }

    [Theory]
    [InlineData("", "null", "4000", 1)]
    [InlineData("\uFEFF", "false", "\"4000\"", 1)]
    [InlineData("", "false", "\"4001\"", 2)]
    [InlineData("", "false", "null", 1)]
    public async Task A_list_written_a_little_otherwise_is_read(string before, string requires, string count, int fetched)
    {
        using var server = Serving();
        server.Mishap("/job", BulkServer.Json(before + List($$"""{"type":"Patient","url":"files/Patient.ndjson","count":{{count}}}""", requires: requires)));
        Assert.Equal(Patients, await Fetch(server));
        Assert.Equal(fetched, server.Asked.Count(a => a.Contains("Patient.ndjson", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("job")]
    [InlineData("job?page=2")]
    public async Task A_list_that_leads_back_to_itself_is_none(string next)
    {
        using var server = Serving();
        server.Mishap("/job", [.. Enumerable.Repeat(BulkServer.Json(List("", $$""","link":[{"relation":"next","url":"{{next}}"}]""")), 12)]);
        Assert.Equal("export.answer-invalid", (await Assert.ThrowsAsync<FailureException>(() => Fetch(server))).Failure.Code);
        Assert.InRange(server.Asked.Count, 2, 4);
    }

    /// <summary>RFC 9110, 10.2.3: what a server asks for is the least.</summary>
    [Fact]
    public async Task A_failure_is_waited_for_no_less_than_by_itself_and_a_job_asked_for_once_a_second()
    {
        using var server = Serving();
        server.Mishap("/job", BulkServer.Status(202, "0"), BulkServer.Status(202, "0"));
        server.Mishap("/files/Patient.ndjson", BulkServer.Status(503, "0"), BulkServer.Status(429, "0"), BulkServer.Status(503, "9"), BulkServer.Status(503, "1"));
        Assert.Equal(Patients, await Fetch(server));
        Assert.Equal(1 + 1 + 1 + 2 + 9 + 8, clock.Waited.TotalSeconds, 1e-9);
    }

    [Theory]
    [InlineData(24 * 3600, "24 h")]
    [InlineData(5400, "90 min")]
    [InlineData(90, "90 s")]
    [InlineData(30 * 86400, "720 h")]
    public void A_length_of_time_is_said_as_people_do(int seconds, string said) => Assert.Equal(said, ServerLine.Spoken(TimeSpan.FromSeconds(seconds)));

    /// <summary>What an object store answers once the time of an address that is its own permission is over.</summary>
    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(410)]
    public async Task A_file_whose_address_expired_is_asked_for_anew(int status)
    {
        using var server = Serving();
        server.Files["Observation.ndjson"] = "{}\n"u8.ToArray();
        server.Mishap("/files/Patient.ndjson", BulkServer.Status(status));
        var failure = (await Assert.ThrowsAsync<FailureException>(() => Fetch(server))).Failure;
        Assert.Equal("export.gone", failure.Code);
        Assert.Contains($"answered {status} (file 2 of 2, Patient)", failure.Detail, StringComparison.Ordinal);
        Assert.Equal("{}\n" + Patients, await Fetch(server));
        Assert.Equal(2, server.Asked.Count(a => a.Contains("$export", StringComparison.Ordinal)));
        // One that was begun by an earlier run begins anew by itself.
        server.Mishap("/files/Patient.ndjson", BulkServer.Status(400), BulkServer.Status(status));
        Directory.Delete(Directory.GetDirectories(folder.FullName).Single(), recursive: true);
        Assert.Equal("export.refused", (await Assert.ThrowsAsync<FailureException>(() => Fetch(server))).Failure.Code);
        Assert.Equal("{}\n" + Patients, await Fetch(server));
    }

    [Fact]
    public async Task A_list_without_end_ends()
    {
        using var server = Serving();
        var files = string.Join(',', Enumerable.Repeat("""{"type":"Patient","url":"files/Patient.ndjson"}""", 120_000));
        server.Mishap("/job", [.. Enumerable.Range(2, 12).Select(page => BulkServer.Json(List(files, $$""","link":[{"relation":"next","url":"job?page={{page}}"}]""")))]);
        Assert.Equal("export.answer-invalid", (await Assert.ThrowsAsync<FailureException>(() => Fetch(server))).Failure.Code);
    }

    [Fact]
    public async Task Who_moved_is_followed_and_the_token_stays_at_home()
    {
        using var elsewhere = Serving();
        using var server = Serving(token: true);
        using var rsa = RSA.Create(2048);
        using var client = ClientKey.Read(Written("key.pem", rsa.ExportPkcs8PrivateKeyPem()), null).OrThrow();
        server.Mishap("/$export", BulkServer.Moved(307, $"{server.Address}/elsewhere/$export"));
        server.Mishap("/job", BulkServer.Moved(303, "job?at=1"), BulkServer.Moved(302, "job?at=2"));
        server.Mishap("/files/Patient.ndjson", BulkServer.Moved(301, $"{elsewhere.Address}/files/Patient.ndjson"));
        string? carried = "nothing was asked";
        elsewhere.Mishap("/files/Patient.ndjson", context =>
        {
            carried = context.Request.Headers["Authorization"];
            BulkServer.Status(500)(context);
        });
        Assert.Equal(Patients, await Fetch(server, client: new("ambroise", client, null, null)));
        Assert.Null(carried);
        Assert.Contains("GET /job?at=2", server.Asked);
        Assert.Equal(2, elsewhere.Asked.Count);
    }

    [Fact]
    public async Task A_circle_of_redirects_ends()
    {
        using var server = Serving();
        server.Mishap("/$export", [.. Enumerable.Repeat(BulkServer.Moved(302, "$export"), 10)]);
        Assert.Equal("export.refused", (await Assert.ThrowsAsync<FailureException>(() => Fetch(server))).Failure.Code);
        Assert.Equal(6, server.Asked.Count);
    }

    /// <summary>Half a file; then the server is down, asks for patience, breaks off again; then it serves the rest, in parts or all anew.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_survives_everything_at_once(bool parts)
    {
        using var server = Serving();
        server.Mishap("/files/Patient.ndjson", server.Drop("Patient.ndjson", parts), BulkServer.Status(500), BulkServer.Status(429, "11"), server.Drop("Patient.ndjson", parts), BulkServer.Status(503));
        Assert.Equal(Patients, await Fetch(server));
        Assert.Equal(parts, server.Asked[^2].Contains("bytes=", StringComparison.Ordinal)); // the last of all ends the job
        Assert.True(clock.Waited > TimeSpan.FromSeconds(11));
    }

    /// <summary>What changed in between is not patched together.</summary>
    [Fact]
    public async Task A_server_that_serves_the_whole_where_a_part_was_asked_for_is_taken_at_its_word()
    {
        using var server = Serving();
        server.Mishap("/files/Patient.ndjson", server.Drop("Patient.ndjson", parts: true), context => BulkServer.Bytes(Encoding.UTF8.GetBytes("{}\n"))(context));
        Assert.Equal("{}\n", await Fetch(server));
    }

    [Fact]
    public async Task A_list_or_a_token_that_breaks_off_is_asked_for_again()
    {
        using var server = Serving(token: true);
        using var rsa = RSA.Create(2048);
        using var client = ClientKey.Read(Written("key.pem", rsa.ExportPkcs8PrivateKeyPem()), null).OrThrow();
        foreach (var path in new[] { "/.well-known/smart-configuration", "/token", "/job" }) server.Mishap(path, BulkServer.BreaksOff);
        Assert.Equal(Patients, await Fetch(server, client: new("ambroise", client, null, null)));
        server.Mishap("/job", [.. Enumerable.Repeat(BulkServer.BreaksOff, 6)]);
        Directory.Delete(Directory.GetDirectories(folder.FullName).Single(static d => !d.EndsWith("keys", StringComparison.Ordinal)), recursive: true);
        Assert.Equal("export.unreachable", (await Assert.ThrowsAsync<FailureException>(() => Fetch(server, client: new("ambroise", client, null, null)))).Failure.Code);
    }

    /// <summary>A server that takes the connection and says nothing, or half of a word, is waited for no longer than the limit; and somebody is told meanwhile.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")]
    public async Task A_server_that_never_answers_is_told_and_given_up_at_the_limit(string says)
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepted = listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken).AsTask();
        var address = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/fhir";
        var asked = ExportRequest.Parse(address, false, null, [], null, TimeSpan.FromSeconds(2), false).OrThrow();
        var told = new List<ExportWait>();
        using var line = new ServerLine(asked, null, TimeProvider.System) { Patience = TimeSpan.FromMilliseconds(50), Waits = told.Add };
        var started = TimeProvider.System.GetTimestamp();
        var asking = line.AskAsync(HttpMethod.Get, new Uri(address), new(ExportStep.Start), null, false, 1 << 20, TestContext.Current.CancellationToken);
        using var client = await accepted;
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(says), TestContext.Current.CancellationToken);
        var failure = (await Assert.ThrowsAsync<FailureException>(() => asking)).Failure;
        Assert.Equal("export.time-limit", failure.Code);
        Assert.Contains("within 2 s (starting the export)", failure.Detail, StringComparison.Ordinal);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 1, 30);
        if (says.Length == 0) Assert.Equal(new ExportWait("127.0.0.1", new(ExportStep.Start), null, null), Assert.Single(told));
    }

    [Fact]
    public async Task What_is_tried_again_is_told_before_it_is()
    {
        using var server = Serving();
        server.Mishap("/$export", BulkServer.Status(503, "7"));
        server.Mishap("/files/Patient.ndjson", server.Drop("Patient.ndjson", parts: false));
        var told = new List<ExportWait>();
        using var export = BulkExport.Open(folder.FullName, key, ExportRequest.Parse(server.Address, false, null, [], null, TimeSpan.FromHours(1), false).OrThrow(), false, false, null, clock).OrThrow();
        export.Waits = told.Add;
        (await export.FetchAsync(TestContext.Current.CancellationToken)).OrThrow();
        Assert.Equal([new("127.0.0.1", new(ExportStep.Start), 503, TimeSpan.FromSeconds(7)), new ExportWait("127.0.0.1", new(ExportStep.File, 1, 1, "Patient"), null, TimeSpan.FromSeconds(1))], told);
    }

    /// <summary>What the server said of a job stays until it is loaded: who asks again meets it again.</summary>
    [Fact]
    public async Task A_list_that_cannot_be_read_says_how_to_ask_anew()
    {
        using var server = Serving();
        async Task<Result<Ambroise.Sources.Fhir.Reading.FhirFolder>> Try(bool anew)
        {
            using var export = BulkExport.Open(folder.FullName, key, ExportRequest.Parse(server.Address, false, null, [], null, TimeSpan.FromHours(1), false).OrThrow(), false, anew, null, clock).OrThrow();
            return await export.FetchAsync(TestContext.Current.CancellationToken);
        }
        server.Mishap("/job", BulkServer.Json("{}"), BulkServer.Json("{}"), BulkServer.Status(400));
        foreach (var code in new[] { "export.answer-invalid", "export.answer-invalid", "export.refused" })
        {
            Assert.True((await Try(anew: false)).Failed(out var failure, out _));
            Assert.Equal(code, failure.Code);
            Assert.EndsWith("--anew asks it again.", failure.Detail, StringComparison.Ordinal);
        }
        Assert.False((await Try(anew: true)).Failed(out _, out _));
        Assert.Equal(2, server.Asked.Count(a => a.Contains("$export", StringComparison.Ordinal)));
        server.Mishap("/$export", BulkServer.Status(400));
        Assert.True((await Try(anew: true)).Failed(out var refused, out _));
        Assert.DoesNotContain("--anew", refused.Detail, StringComparison.Ordinal); // nothing of it is kept
    }

    /// <summary>What is kept makes the next run fail as this one did: a list that leads nowhere is not, of one that is refused for its addresses --anew is named.</summary>
    [Theory]
    [InlineData("file:///x", "export.address-elsewhere", true)]
    [InlineData("http://files.example/x", "export.plain-http", false)]
    public async Task A_list_that_leads_nowhere_is_forgotten(string url, string code, bool forgotten)
    {
        using var server = Serving();
        server.Mishap("/job", BulkServer.Json($$"""{"transactionTime":"2026-03-01T00:00:00Z","requiresAccessToken":false,"output":[{"type":"Patient","url":"{{url}}"}]}"""));
        using (var export = Open(server))
        {
            Assert.True((await export.FetchAsync(TestContext.Current.CancellationToken)).Failed(out var failure, out _));
            Assert.Equal(code, failure.Code);
            Assert.EndsWith(forgotten ? "the next run asks for it anew." : "--anew asks it again.", failure.Detail, StringComparison.Ordinal);
        }
        using var again = Open(server);
        Assert.Equal(!forgotten, (await again.FetchAsync(TestContext.Current.CancellationToken)).Failed(out _, out _));
    }

    [Fact]
    public async Task A_list_without_a_file_that_could_not_be_loaded_is_forgotten()
    {
        using var server = Serving();
        server.Mishap("/job", BulkServer.Json("""{"transactionTime":"2026-03-01T00:00:00Z","requiresAccessToken":false,"output":null}"""));
        using (var export = Open(server))
        {
            Assert.Empty((await export.FetchAsync(TestContext.Current.CancellationToken)).OrThrow().Files);
            Assert.EndsWith("anew.", export.NotLoaded(new(FailureKind.Invalid, "load.no-person", "Nobody.")).Detail, StringComparison.Ordinal);
        }
        using var again = Open(server);
        Assert.Single((await again.FetchAsync(TestContext.Current.CancellationToken)).OrThrow().Files);
        Assert.False(again.IsResumed);
    }

    /// <summary>A wait of more seconds than a header's number holds is no wait of none.</summary>
    [Theory]
    [InlineData(202)]
    [InlineData(503)]
    public async Task A_wait_without_measure_meets_the_limit(int status)
    {
        using var server = Serving();
        server.Mishap("/job", BulkServer.Status(status, "99999999999"));
        using var export = Open(server);
        Assert.True((await export.FetchAsync(TestContext.Current.CancellationToken)).Failed(out var failure, out _));
        Assert.Equal("export.time-limit", failure.Code);
    }

    [Fact]
    public void A_servers_words_are_shown_without_what_moves_a_terminal_and_not_at_any_length()
    {
        Assert.Equal("[31m12 % done[0m", BulkExport.Printable("\u001b[31m12 % done\r\n\u0007\u009b\u202e[0m"));
        Assert.Equal(100, BulkExport.Printable(new string('x', 5000)).Length);
    }

    [Theory]
    [InlineData("RS384", true)]
    [InlineData("ES384", false)]
    public async Task A_key_may_be_a_JWK_or_the_private_one_of_a_set(string algorithm, bool alone)
    {
        using var server = Serving(token: true);
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var (r, e) = (rsa.ExportParameters(true), ec.ExportParameters(true));
        static string B(byte[]? bytes) => Base64Url.Encode(bytes);
        var mine = algorithm == "RS384" ? new Dictionary<string, string> { ["kty"] = "RSA", ["kid"] = "mine", ["n"] = B(r.Modulus), ["e"] = B(r.Exponent), ["d"] = B(r.D), ["p"] = B(r.P), ["q"] = B(r.Q), ["dp"] = B(r.DP), ["dq"] = B(r.DQ), ["qi"] = B(r.InverseQ) }
            : new Dictionary<string, string> { ["kty"] = "EC", ["crv"] = "P-384", ["kid"] = "mine", ["x"] = B(e.Q.X), ["y"] = B(e.Q.Y), ["d"] = B(e.D) };
        var known = new Dictionary<string, string> { ["kty"] = "RSA", ["kid"] = "public", ["n"] = B(r.Modulus), ["e"] = B(r.Exponent) };
        using var client = ClientKey.Read(Written("key.jwk", alone ? JsonSerializer.Serialize(mine) : JsonSerializer.Serialize(new Dictionary<string, object> { ["keys"] = new[] { known, mine } })), null).OrThrow();
        Assert.Equal(Patients, await Fetch(server, client: new("ambroise", client, null, null)));
        var form = server.TokenRequests[0].Split('&').Select(p => p.Split('=')).ToDictionary(p => p[0], p => Uri.UnescapeDataString(p[1]));
        var parts = form["client_assertion"].Split('.');
        var (signed, signature) = (Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.Decode(parts[2]));
        Assert.True(algorithm == "RS384" ? rsa.VerifyData(signed, signature, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1) : ec.VerifyData(signed, signature, HashAlgorithmName.SHA384));
        Assert.Contains("\"kid\":\"mine\"", Encoding.UTF8.GetString(Base64Url.Decode(parts[0])), StringComparison.Ordinal);
    }

    /// <summary>Public halves, other curves and short keys are none, and no message quotes the file.</summary>
    [Theory]
    [InlineData("""{"kty":"RSA","n":"AQAB","e":"AQAB"}""")]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"CANARI"}""")]
    [InlineData("""{"kty":"RSA","d":"CANARI"}""")]
    [InlineData("""{"d":17}""")]
    [InlineData("""["CANARI"]""")]
    public void What_is_no_key_is_refused(string text)
    {
        Assert.True(ClientKey.Read(Written("key.jwk", text), null).Failed(out var failure, out _));
        Assert.Equal("export.key-invalid", failure.Code);
        Assert.DoesNotContain("CANARI", failure.Detail, StringComparison.Ordinal);
    }

    /// <summary>RFC 7638, section 3.1: the example's key and its thumbprint need the private half, so the rule is applied to a key of our own.</summary>
    [Fact]
    public void A_key_without_a_name_is_known_by_its_thumbprint()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var q = ec.ExportParameters(false).Q;
        using var client = ClientKey.Read(Written("key.pem", ec.ExportPkcs8PrivateKeyPem()), null).OrThrow();
        Assert.Equal(Base64Url.Encode(SHA256.HashData(Encoding.ASCII.GetBytes($$"""{"crv":"P-384","kty":"EC","x":"{{Base64Url.Encode(q.X)}}","y":"{{Base64Url.Encode(q.Y)}}"}"""))), client.Id);
    }

    string Written(string name, string text)
    {
        var path = Path.Combine(folder.CreateSubdirectory("keys").FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => folder.Delete(recursive: true);
}
