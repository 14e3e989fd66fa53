using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ambroise.Cli.Frame;
using Ambroise.Governance.Oppositions;
using Ambroise.Governance.Projects;
using Ambroise.Lake.Releases;
using Ambroise.Sources.Fhir;

namespace Ambroise.Tests.Cli;

/// <summary>Answers are written as the platform's serialiser writes them, letter for letter: what programs read of <c>--json</c> does not change.</summary>
public sealed class AnswerJsonSpecs
{
    static readonly JsonSerializerOptions Platform = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    record Named(string Name, Purpose Purpose);

    sealed record Longer(string Name, Purpose Purpose, int More) : Named(Name, Purpose);

    sealed record Holder(Named One, IReadOnlyList<Named> Several, object Anything);

    sealed record Everything(string Text, string? Nothing, int Whole, long? Large, long? None, double Real, bool Yes, Purpose Purpose, LegalKind? Kind, DateOnly Day, DateTimeOffset At, DateTimeOffset? Never, TimeSpan Long, byte[] Bytes);

    sealed record Careful([property: JsonIgnore] string Hidden, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long Unset, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long Set)
    {
        public long Worked => Set + 2;
    }

    static readonly object[] Answers =
    [
        new Everything("é \"x\" <b> & 'y'\n\u0001", null, -3, long.MaxValue, null, 0.1, true, Purpose.CareImprovement, LegalKind.Mr004, new(2026, 2, 28), new(2026, 11, 26, 8, 1, 2, 345, TimeSpan.FromHours(1)), null, new(1, 2, 3, 4, 5), [1, 2, 250]),
        new Everything("", "", 0, null, 0, 1e300, false, Purpose.Education, null, DateOnly.MinValue, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, TimeSpan.FromSeconds(-1.5), []),
        new Holder(new Longer("a", Purpose.Regulation, 1), [new Longer("b", Purpose.PublicHealth, 2), new("c", Purpose.Education)], new Longer("d", Purpose.OfficialStatistics, 3)),
        new Careful("not to be seen", 0, 5),
        new { Error = new { Code = "a.b", Detail = "c" } },
        new[] { 1, 2, 3 },
        ImmutableArray<string>.Empty,
        ImmutableArray.Create(new Named("e", Purpose.ScientificResearch)),
        new Dictionary<string, int> { ["oneTwo"] = 1, ["Three"] = 2 },
        new Dictionary<string, IReadOnlyList<Named>> { ["x"] = [new Longer("f", Purpose.Education, 1)], ["y"] = [] },
        new Dictionary<string, Named?> { ["x"] = new Longer("f", Purpose.Education, 1), ["y"] = null },
        new Dictionary<string, object> { ["x"] = new Longer("f", Purpose.Education, 1), ["y"] = new[] { 1 } },
        new SortedDictionary<string, string?> { ["k"] = null },
        new List<Named?> { null, new("g", Purpose.Education) },
        new[] { "a", "b" }.Select(t => new { t, Length = (long?)t.Length }).ToList(),
        JsonNode.Parse("""{"a":[1,{"b":null}],"c":"é"}""")!,
        JsonDocument.Parse("""{"a":[1.50,{"b":null}]}""").RootElement,
        new Opposition(1, false, 2, new Reach.AllResearch(), Channel.Post, new(2026, 1, 1), "p", DateTimeOffset.UnixEpoch, "dpo", new(3, 4, 5)),
        new Manifest(1, "chu", 2, 1, "", "l", DateTimeOffset.UnixEpoch, LoadMode.Replace, "somewhere", 3, 1, "", 0, [new("p", "person", 0, FilePart.Analytic, "r1", 3, 3, 100, "", "", "", null, new(2026, 1, 2)), new("q", "death", 0, FilePart.Keys, "r1", 3, 3, 100, "", "", "", null, null) { Departed = 2 }]),
        FhirSource.Manifest,
    ];

    [Fact]
    public void An_answer_is_written_as_the_platform_would() => Assert.All(Answers, answer => Assert.Equal(JsonSerializer.Serialize(answer, answer.GetType(), Platform), AnswerJson.Of(answer)));
}
