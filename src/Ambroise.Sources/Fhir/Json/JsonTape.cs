using System.Text.Json;
using System.Text.Unicode;

namespace Ambroise.Sources.Fhir.Json;

/// <summary>One JSON document as a tape of tokens over its bytes, used again for the next one: no object per value.</summary>
sealed class JsonTape
{
    /// <summary>FHIR nests some ten levels; beyond this a document is refused.</summary>
    const int MaxDepth = 64;

    internal enum Kind : byte { Object, Array, Text, EscapedText, Number, True, False, Null }

    static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    int[] starts = new int[1024], lengths = new int[1024], nexts = new int[1024];
    Kind[] kinds = new Kind[1024];
    readonly int[] open = new int[MaxDepth + 1];
    int count;

    /// <summary>The bytes read last.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <returns>Null, or why the bytes are not one JSON object: <c>utf8-invalid</c>, <c>json-invalid</c>, <c>json-too-deep</c>, <c>json-not-object</c>.</returns>
    public string? Read(ReadOnlyMemory<byte> utf8)
    {
        (Bytes, count) = (utf8, 0);
        if (!Utf8.IsValid(utf8.Span)) return "utf8-invalid";
        var reader = new Utf8JsonReader(utf8.Span, Options);
        var depth = 0;
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        var at = open[--depth];
                        nexts[at] = count;
                        lengths[at] = (int)reader.BytesConsumed - starts[at];
                        continue;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        open[depth++] = count;
                        Add(reader.TokenType == JsonTokenType.StartObject ? Kind.Object : Kind.Array, (int)reader.TokenStartIndex, 0);
                        continue;
                    case JsonTokenType.PropertyName or JsonTokenType.String:
                        Add(reader.ValueIsEscaped ? Kind.EscapedText : Kind.Text, (int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
                        continue;
                    default:
                        Add(reader.TokenType switch { JsonTokenType.Number => Kind.Number, JsonTokenType.True => Kind.True, JsonTokenType.False => Kind.False, _ => Kind.Null },
                            (int)reader.TokenStartIndex, reader.ValueSpan.Length);
                        continue;
                }
            }
        }
        catch (JsonException)
        {
            return depth >= MaxDepth ? "json-too-deep" : "json-invalid"; // the exception's own words may quote the line
        }
        return count > 0 && kinds[0] == Kind.Object ? null : "json-not-object";
    }

    public JsonNode Root => new(this, 0);

    void Add(Kind kind, int start, int length)
    {
        if (count == starts.Length)
        {
            Array.Resize(ref starts, 2 * count);
            Array.Resize(ref lengths, 2 * count);
            Array.Resize(ref nexts, 2 * count);
            Array.Resize(ref kinds, 2 * count);
        }
        (kinds[count], starts[count], lengths[count]) = (kind, start, length);
        nexts[count] = ++count;
    }

    internal Kind KindAt(int at) => kinds[at];
    internal int Next(int at) => nexts[at];
    internal ReadOnlySpan<byte> Raw(int at) => Bytes.Span.Slice(starts[at], lengths[at]);
    internal ReadOnlyMemory<byte> Whole(int at) => Bytes.Slice(starts[at], lengths[at]);

    internal int Find(int parent, ReadOnlySpan<byte> name)
    {
        for (int at = parent + 1, end = nexts[parent]; at < end; at = nexts[at + 1])
            if (lengths[at] == name.Length && Raw(at).SequenceEqual(name)) return at + 1;
        return -1;
    }

    internal byte[] Unescaped(int at)
    {
        var reader = new Utf8JsonReader(Bytes.Span.Slice(starts[at] - 1, lengths[at] + 2));
        reader.Read();
        var text = new byte[lengths[at]];
        try
        {
            return text[..reader.CopyString(text)];
        }
        catch (InvalidOperationException)
        {
            return []; // half of a surrogate pair: no text
        }
    }
}
