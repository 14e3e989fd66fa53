using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ambroise.Governance.Oppositions;

/// <summary>A reach as its text, in JSON.</summary>
sealed class ReachText : JsonConverter<Reach>
{
    public override Reach Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Reach.Parse(reader.GetString() ?? "").Failed(out _, out var reach) ? throw new JsonException() : reach;

    public override void Write(Utf8JsonWriter writer, Reach value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
