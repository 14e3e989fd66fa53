using System.Text.Json;

namespace Ambroise.Cohorts.Definitions;

/// <summary>A place in a JSON text: carried down while reading, so that an error can say where it is.</summary>
sealed record JsonPath(JsonPath? Parent, string Step)
{
    public static readonly JsonPath Root = new(null, "$");

    public JsonPath this[string member] => new(this, "." + member);

    public JsonPath this[int index] => new(this, $"[{index}]");

    public override string ToString() => Parent + Step;

    public FailureException Because(string reason) => new Failure(FailureKind.Invalid, "cohort.invalid", $"{this}: {reason}").AsException();
}

/// <summary>Members of an object, each asked for by name; those never asked for are unknown.</summary>
sealed class JsonMembers
{
    readonly Dictionary<string, JsonElement> members = new(StringComparer.Ordinal);
    readonly HashSet<string> known = new(StringComparer.Ordinal);

    public JsonMembers(JsonElement json, JsonPath path)
    {
        Path = path;
        if (json.ValueKind != JsonValueKind.Object) throw path.Because($"an object is expected, not {Shape(json)}.");
        foreach (var member in json.EnumerateObject()) members[member.Name] = member.Value;
    }

    public JsonPath Path { get; }

    public IEnumerable<string> Names => members.Keys;

    /// <returns>The value, or null where it is absent or null.</returns>
    public JsonElement? this[string name]
    {
        get
        {
            known.Add(name);
            return members.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
        }
    }

    public void RefuseOthers()
    {
        foreach (var name in members.Keys)
            if (!known.Contains(name)) throw Path[name].Because("is not a field of the language here.");
    }

    public int? Whole(string name) => this[name] is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number
        : value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var wide) && decimal.Truncate(wide) == wide && wide is >= int.MinValue and <= int.MaxValue ? (int)wide
        : throw Path[name].Because($"a whole number is expected, not {Shape(value)}.");

    public bool? Flag(string name) => this[name] is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Path[name].Because($"true or false is expected, not {Shape(value)}.");

    public string? Text(string name) => this[name] is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Path[name].Because($"text is expected, not {Shape(value)}.");

    public decimal? Number(string name) => this[name] is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) ? number
        : throw Path[name].Because($"a number is expected, not {Shape(value)}.");

    public JsonMembers? Object(string name) => this[name] is { } value ? new(value, Path[name]) : null;

    public IEnumerable<(JsonElement Json, JsonPath Path)> Items(string name)
    {
        if (this[name] is not { } value) yield break;
        if (value.ValueKind != JsonValueKind.Array) throw Path[name].Because($"a list is expected, not {Shape(value)}.");
        var (at, i) = (Path[name], 0);
        foreach (var item in value.EnumerateArray()) yield return (item, at[i++]);
    }

    static string Shape(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => $"the number {json.GetRawText()}",
        JsonValueKind.Null => "null",
        _ => json.GetRawText(),
    };
}
