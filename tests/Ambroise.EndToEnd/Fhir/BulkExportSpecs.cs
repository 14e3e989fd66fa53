using System.Text;
using Ambroise.Tests.Fhir.Export;

namespace Ambroise.EndToEnd.Fhir;

/// <summary>A FHIR server's export through the whole program.</summary>
public sealed class BulkExportSpecs
{
    [Fact]
    public void An_export_of_a_server_is_the_release_that_its_folder_would_be()
    {
        var ndjson = Conformance.Path("fhir/synthea-r4");
        using var server = new BulkServer();
        foreach (var file in Directory.EnumerateFiles(ndjson, "*.ndjson.gz")) server.Files[Path.GetFileName(file)] = File.ReadAllBytes(file);
        server.Mishap("/job", BulkServer.Status(202, "0", "half"));
        using var home = TemporaryHome.With("chu");
        var folder = home.Run("load", "fhir", ndjson, "--tenant", "chu", "--json").Succeeded().Json;
        var ran = home.Run("load", "fhir", server.Address, "--tenant", "chu", "--json").Succeeded();
        Assert.Equal(folder.GetProperty("contentHash").GetString(), ran.Json.GetProperty("contentHash").GetString());
        Assert.Equal(server.TransactionTime, ran.Json.GetProperty("export").GetProperty("transactionTime").GetString());
        Assert.Contains("half", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_changed_since_is_merged_what_was_deleted_goes_and_nothing_lies_in_clear_in_between()
    {
        const string canary = "CANARI-DU-PATIENT-7Q-CANARI";
        using var server = new BulkServer
        {
            Files =
            {
                ["Condition.ndjson"] = """{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/p1"},"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"E11.9"}]},"onsetDateTime":"2020-01-01"}"""u8.ToArray(),
                ["Patient.ndjson"] = Encoding.UTF8.GetBytes($$"""{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1961-04-02","name":[{"family":"{{canary}}"}]}"""),
                ["Procedure.ndjson"] = Encoding.UTF8.GetBytes($$"""{"resourceType":"Procedure","id":"x1","status":"completed","subject":{"reference":"Patient/p1"},"code":{"coding":[{"system":"urn:hospital:acts","code":"ACT1"}]},"performedDateTime":"2020-01-01"}"""),
            },
        };
        string[] load = ["load", "fhir", server.Address, "--tenant", "chu", "--since", "auto", "--json"];
        using var home = TemporaryHome.With("chu");
        server.Mishap("/files/Procedure.ndjson", BulkServer.Status(400));
        home.Run(load).Failed(7, "export.refused");
        foreach (var file in Directory.EnumerateFiles(home.Path, "*", SearchOption.AllDirectories)) Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(canary)));

        var first = home.Run(load).Succeeded().Json;
        Assert.True(first.GetProperty("export").GetProperty("resumed").GetBoolean());
        Assert.Contains("condition_occurrence", first.GetProperty("tables").ToString(), StringComparison.Ordinal);

        server.Files.Clear();
        server.Files["deleted.ndjson"] = """{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Condition/c1"}}]}"""u8.ToArray();
        var second = home.Run(load).Succeeded().Json;
        Assert.Equal(server.TransactionTime, second.GetProperty("export").GetProperty("since").GetString());
        Assert.Equal("merge", second.GetProperty("mode").GetString());
        var tables = second.GetProperty("tables").EnumerateArray().ToDictionary(t => t.GetProperty("table").GetString()!, t => t.GetProperty("rows").GetInt64());
        Assert.Equal((0, 1), (tables.GetValueOrDefault("condition_occurrence"), tables.GetValueOrDefault("procedure_occurrence")));

        home.Run("load", "fhir", server.Address, "--tenant", "chu", "--since", "auto", "--mode", "replace").Failed(2, "load.since-replace");
        home.Run("load", "fhir", "http://fhir.example/r4", "--tenant", "chu").Failed(3, "export.plain-http");
        home.Run("load", "fhir", home.Path, "--tenant", "chu", "--since", "auto").Failed(2, "load.option-server");
    }

    /// <summary>What a server gives in place of resources is no reason to ask for them never again.</summary>
    [Theory]
    [InlineData("<html>please log in</html>")]
    [InlineData("""{"error":"expired"}""")]
    [InlineData("""{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"login"}]}""")]
    public void An_increment_asks_once_more_for_what_was_no_resource(string line)
    {
        const string patient = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1961-04-02"}""";
        using var server = new BulkServer { Files = { ["Patient.ndjson"] = Encoding.UTF8.GetBytes(patient), ["Condition.ndjson"] = Encoding.UTF8.GetBytes(line + "\n") } };
        string[] load = ["load", "fhir", server.Address, "--tenant", "chu", "--since", "auto"];
        using var home = TemporaryHome.With("chu");
        var first = home.Run([.. load, "--json"]).Succeeded().Json.GetProperty("export");
        Assert.Equal((1, false), (first.GetProperty("strange").GetInt64(), first.GetProperty("whole").GetBoolean()));
        Assert.Contains("Sans ressource : 1 ligne de ses fichiers. Tout n'est pas venu", home.Run([.. load, "--lang", "fr"]).Succeeded().Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        server.Files.Remove("Condition.ndjson");
        var third = home.Run([.. load, "--json"]).Succeeded().Json.GetProperty("export");
        Assert.Equal((System.Text.Json.JsonValueKind.Null, true), (third.GetProperty("since").ValueKind, third.GetProperty("whole").GetBoolean()));
        Assert.Equal(server.TransactionTime, home.Run([.. load, "--json"]).Succeeded().Json.GetProperty("export").GetProperty("since").GetString());
    }

    [Fact]
    public void A_time_that_was_named_leaves_no_gap_in_what_is_asked_for_next()
    {
        using var server = new BulkServer { TransactionTime = "2024-05-01T00:00:00Z", Files = { ["Patient.ndjson"] = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1961-04-02"}"""u8.ToArray() } };
        string[] load = ["load", "fhir", server.Address, "--tenant", "chu"];
        using var home = TemporaryHome.With("chu");
        Assert.Equal("2024-05-01T00:00:00Z", home.Run([.. load, "--json"]).Succeeded().Json.GetProperty("export").GetProperty("next").GetString());
        server.TransactionTime = "2024-08-01T00:00:00Z";
        Assert.Contains("Ce qui a changé avant n'a pas été demandé", home.Run([.. load, "--since", "2024-07-01T00:00:00Z", "--lang", "fr"]).Succeeded().Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Equal("2024-05-01T00:00:00Z", home.Run([.. load, "--since", "auto", "--json"]).Succeeded().Json.GetProperty("export").GetProperty("since").GetString());
        Assert.Equal("2024-08-01T00:00:00Z", home.Run([.. load, "--since", "auto", "--json"]).Succeeded().Json.GetProperty("export").GetProperty("since").GetString());
    }

    /// <summary>What a server gave is kept for the next try: nothing of it is no help to that.</summary>
    [Fact]
    public void A_first_export_that_was_empty_is_asked_for_anew()
    {
        using var server = new BulkServer();
        using var home = TemporaryHome.With("chu");
        string[] load = ["load", "fhir", server.Address, "--tenant", "chu"];
        home.Run(load).Failed(2, "load.no-person");
        server.Files["Patient.ndjson"] = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1961-04-02"}"""u8.ToArray();
        home.Run(load).Succeeded();
    }

    [Fact]
    public void Who_is_kept_waiting_is_told_where_in_their_language()
    {
        using var server = new BulkServer { Files = { ["Patient.ndjson"] = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1961-04-02"}"""u8.ToArray() } };
        server.Mishap("/$export", BulkServer.Status(503, "1"));
        server.Mishap("/files/Patient.ndjson", BulkServer.Status(503, "1"));
        using var home = TemporaryHome.With("chu");
        var told = home.Run("load", "fhir", server.Address, "--tenant", "chu", "--lang", "fr").Succeeded().Error;
        Assert.Contains("a répondu 503 (lancement de l'export)", told, StringComparison.Ordinal);
        Assert.Contains("a répondu 503 (fichier 1 sur 1, Patient)", told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_is_asked_for_nothing_before_its_source_was_accepted()
    {
        using var server = new BulkServer { Files = { ["Patient.ndjson"] = """{"resourceType":"Patient","id":"p1","gender":"female","birthDate":"1961-04-02"}"""u8.ToArray() } };
        using var home = TemporaryHome.With("chu");
        home.Run("role", "grant", "paul", "data-engineer", "--tenant", "chu").Succeeded();
        string[] load = ["--as", "paul", "load", "fhir", server.Address, "--tenant", "chu", "--json"];
        home.Run("--as", "paul", "source", "declare", "record", "--origin", "FHIR server of the patient record", "--justification", "care data", "--tenant", "chu").Succeeded();
        home.Run(load).Failed(3, "source.unnamed");
        home.Run([.. load, "--source", "lab"]).Failed(4, "source.unknown");
        home.Run([.. load, "--source", "record"]).Failed(3, "source.not-accepted");
        Assert.Empty(server.Asked);

        home.Run("source", "decide", "record", "accept", "--reference", "minutes of 12 March", "--tenant", "chu").Succeeded();
        Assert.Equal(1, home.Run([.. load, "--source", "record"]).Succeeded().Json.GetProperty("patients").GetInt32());
        home.Run("source", "decide", "record", "refuse", "--reference", "minutes of 2 April", "--tenant", "chu").Succeeded();
        var asked = server.Asked.Count;
        home.Run([.. load, "--source", "record", "--since", "auto"]).Failed(3, "source.not-accepted");
        Assert.Equal(asked, server.Asked.Count);
    }
}
