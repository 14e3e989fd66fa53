using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Ambroise.Sources.Fhir.Json;
using CsCheck;

namespace Ambroise.Tests.Fhir;

/// <summary>The tape, built 64 bytes at a time, against the plain reader, which goes from byte to byte: the same values of the same texts, and the same reason for each text refused.</summary>
public sealed class JsonTapeSpecs
{
    static readonly string[] Words =
    [
        "a", "resourceType", "\\\"", "\\\\", "\\u00e9", "\\ud83d\\ude00", "\\ud83d", "é", "数", "😀", " ", "{", "}", "[", "]", ":", ",", "/", "'", "0", "a longer text than one block of sixty-four bytes, as a narrative is, to the last of its words",
    ];

    static readonly string[] Scalars = ["0", "-0", "12", "-1.5", "1e9", "2.50E-3", "1.0e+10", "true", "false", "null", "1234567890123456789012"];

    static readonly string[] Blanks = ["", "", "", " ", "\n", "\t", "\r\n", "          "];

    static readonly Gen<string> Blank = Gen.OneOf(Blanks);

    static readonly Gen<string> Text = Gen.OneOf(Words).Array[0, 6].Select(w => $"\"{string.Concat(w)}\"");

    static Gen<string> Value(int depth) => depth == 0 ? Gen.OneOf<string>(Text, Gen.OneOf(Scalars)) : Gen.OneOf<string>(Text, Gen.OneOf(Scalars), Object(depth), Array(depth));

    static Gen<string> Object(int depth) => Gen.Select(Blank, Text, Blank, Value(depth - 1)).Array[0, 5].Select(Blank, (members, blank) =>
        $"{{{blank}{string.Join(",", members.Select(m => $"{m.Item1}{m.Item2}{m.Item3}:{m.Item1}{m.Item4}{m.Item3}"))}{blank}}}");

    static Gen<string> Array(int depth) => Gen.Select(Blank, Value(depth - 1)).Array[0, 5].Select(items => $"[{string.Join(",", items.Select(i => i.Item1 + i.Item2 + i.Item1))}]");

    [Fact]
    public void A_text_has_the_same_values_however_it_is_read() => Object(4).Sample(Same, iter: 3_000, threads: 1);

    [Fact]
    public void A_value_is_found_by_its_name_in_whatever_order_they_are_asked_for() =>
        Gen.Select(Gen.Int[0, 11].Array[1, 40], Gen.Int[1, 10]).Sample((asked, count) =>
        {
            var tape = new JsonTape();
            Assert.Null(tape.Read(Encoding.UTF8.GetBytes($$"""{{{string.Join(",", Enumerable.Range(0, count).Select(n => $"\"n{n}\":[{{\"a\":{n},\"v\":[1,{{}}]}}]"))}}}""")));
            Assert.All(asked, n => Assert.Equal(n < count ? $"{n}" : "", tape.Root[Encoding.UTF8.GetBytes($"n{n}")]["a"u8].ToString()));
            Assert.All(asked, n => Assert.Equal(n < count, tape.Root[Encoding.UTF8.GetBytes($"n{n}")]["v"u8].Exists));
        }, iter: 500, threads: 1);

    [Theory]
    [InlineData("""{"value":1}""", "", "")]
    [InlineData("""{"valueQuantity":null,"_valueString":{},"valuename":2,"values":3}""", "", "")]
    [InlineData("""{"id":"x","valueQuantity":null,"valueString":"s","valueCode":"c"}""", "String", "s")]
    [InlineData("""{"value":1,"valueInteger":0}""", "Integer", "0")]
    public void A_choice_of_types_has_the_type_in_its_name(string text, string type, string value)
    {
        var tape = new JsonTape();
        Assert.Null(tape.Read(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(value, tape.Root.Choice("value"u8, out var found).ToString());
        Assert.Equal(type, Encoding.UTF8.GetString(found));
        Assert.False(default(JsonNode).Choice("value"u8, out _).Exists);
    }

    [Fact]
    public void A_number_is_the_one_that_is_written() =>
        Gen.Select(Gen.Long[-99_999_999_999_999_999, 99_999_999_999_999_999], Gen.Int[0, 17], Gen.Int[0, 18], Gen.OneOf("", "", "e2", "E-3", ".", "0", "00")).Sample((whole, cut, point, after) =>
        {
            var digits = (whole / (long)Math.Pow(10, cut)).ToString(CultureInfo.InvariantCulture);
            var text = point < digits.Length ? digits.Insert(digits.Length - point, point > 0 ? "." : "") + after : digits + after;
            Number(text);
        }, iter: 20_000, threads: 1);

    [Theory]
    [InlineData("-")]
    [InlineData("-0")]
    [InlineData("-0.0")]
    [InlineData("007")]
    [InlineData(".5")]
    [InlineData("-.5")]
    [InlineData("5.")]
    [InlineData("1.2.3")]
    [InlineData("--1")]
    [InlineData("1-")]
    [InlineData("1,5")]
    [InlineData(" 1")]
    [InlineData("999999999999999")]
    [InlineData("9999999999999999")]
    [InlineData("0.00000000000001")]
    [InlineData("1.7976931348623157e309")]
    [InlineData("1/2")]
    [InlineData("1:2")]
    public void A_text_is_a_number_as_the_platform_has_it(string text) => Number(text);

    /// <summary>A string may hold a number too.</summary>
    static void Number(string text)
    {
        var tape = new JsonTape();
        Assert.Null(tape.Read(Encoding.UTF8.GetBytes($$"""{"n":"{{text}}"}""")));
        var isNumber = Utf8Parser.TryParse(Encoding.UTF8.GetBytes(text), out double wanted, out var used) && used == Encoding.UTF8.GetByteCount(text) && double.IsFinite(wanted);
        Assert.Equal(isNumber, tape.Root["n"u8].TryNumber(out var number));
        if (isNumber) Assert.Equal(BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture)), BitConverter.DoubleToInt64Bits(number));
    }

    [Fact]
    public void A_damaged_text_is_refused_for_the_same_reason() =>
        Gen.Select(Object(3), Gen.Select(Gen.Int[0, 1 << 20], Gen.Int[0, 3], Gen.OneOf<byte>(Gen.Byte, Gen.OneOf((byte)'"', (byte)'\\', (byte)'{', (byte)'}', (byte)'[', (byte)']', (byte)':', (byte)',', (byte)'-', (byte)'.', (byte)'u', (byte)'\n', (byte)0))).Array[1, 3])
            .Sample((text, changes) => Same(changes.Aggregate(Encoding.UTF8.GetBytes(text), Damaged)), iter: 20_000, threads: 1);

    static byte[] Damaged(byte[] text, (int At, int How, byte With) change)
    {
        var at = text.Length == 0 ? 0 : change.At % text.Length;
        return change.How switch
        {
            0 => text[..at],
            1 => [.. text[..at], change.With, .. text[at..]],
            2 when text.Length > 0 => [.. text[..at], .. text[(at + 1)..]],
            _ when text.Length > 0 => [.. text[..at], change.With, .. text[(at + 1)..]],
            _ => text,
        };
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("[]")]
    [InlineData("\"{\"")]
    [InlineData("17")]
    [InlineData("{}")]
    [InlineData("{} {}")]
    [InlineData("{}x")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":[1,]}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":1.}")]
    [InlineData("{\"a\":-}")]
    [InlineData("{\"a\":+1}")]
    [InlineData("{\"a\":tru}")]
    [InlineData("{\"a\":truefalse}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{\"a\"::1}")]
    [InlineData("{a:1}")]
    [InlineData("{\"a\":1 2}")]
    [InlineData("{\"a\":\"x\"\"y\"}")]
    [InlineData("{\"a\":\"\\x\"}")]
    [InlineData("{\"a\":\"\\u12g4\"}")]
    [InlineData("{\"a\":\"\\")]
    [InlineData("{\"a\":\"\u0001\"}")]
    [InlineData("{\\\"a\":1}")]
    [InlineData("{\"a\":1}//x")]
    [InlineData("\uFEFF{}")]
    [InlineData("{\"a\":{\"resourceT\\u0079pe\":1}}")]
    [InlineData("{\"\\x\":1}")]
    public void An_odd_text_is_told_as_the_plain_reader_tells_it(string text) => Same(text);

    [Fact]
    public void Nesting_ends_at_the_same_level()
    {
        for (var depth = 60; depth < 70; depth++)
            foreach (var (open, close) in (string[][])[["[", "]"], ["{\"a\":", "}"]] is var pairs ? pairs.Select(p => (p[0], p[1])) : [])
            {
                Same($"{{\"a\":{string.Concat(Enumerable.Repeat(open, depth))}1{string.Concat(Enumerable.Repeat(close, depth))}}}");
                Same($"{{\"a\":{string.Concat(Enumerable.Repeat(open, depth))}");
            }
    }

    [Fact]
    public void Strings_end_where_they_end_at_every_place_of_a_block()
    {
        for (var before = 0; before < 130; before++)
            foreach (var end in (string[])["\\\\", "\\\"", "\\\\\\\"", "é", "\n", ""])
                Same($"{{\"{new string('n', before)}{end}\":\"{end}{new string('v', before)}\"}}");
    }

    [Fact]
    public void A_document_of_many_values_is_read_whole() =>
        Assert.All((string[])["{\"n\":0}", "\"0\"", "0", "0,\"0\",{}"], some => Same($"{{\"a\":[{string.Join(",", Enumerable.Range(0, 30_000).Select(_ => some))}],\"b\":[[[[[[]]]]],{{}}]}}"));

    [Fact]
    public void Names_of_any_length_are_told_apart()
    {
        var tape = new JsonTape();
        var longest = new string('n', 65_537 + 4);
        Assert.Null(tape.Read(Encoding.UTF8.GetBytes($$"""{"{{longest}}":1,"nnnnn":2,"nn":3,"":4,"n":5}""")));
        Assert.Equal("2", tape.Root["nnnnn"u8].ToString());
        Assert.Equal("3", tape.Root["nn"u8].ToString());
        Assert.Equal("5", tape.Root["n"u8].ToString());
        Assert.False(tape.Root["nnn"u8].Exists);
    }

    [Fact]
    public void Lines_of_the_conformance_data_have_the_same_values()
    {
        var folder = Conformance.Path("fhir/synthea-r4");
        foreach (var path in Directory.EnumerateFiles(folder, "*.ndjson.gz"))
        {
            using var lines = new StreamReader(new System.IO.Compression.GZipStream(File.OpenRead(path), System.IO.Compression.CompressionMode.Decompress));
            for (var n = 0; n < 20 && lines.ReadLine() is { } line; n++) Same(line);
        }
    }

    static void Same(string text) => Same(Encoding.UTF8.GetBytes(text));

    static void Same(byte[] utf8)
    {
        var tape = new JsonTape();
        for (var again = 0; again < 2; again++) // a tape is used again
        {
            var reason = tape.Read(utf8);
            var (wanted, values) = Plain(utf8);
            Assert.Equal(wanted, reason);
            if (reason is null) Assert.Equal(values, Enumerable.Range(0, tape.Count).Select(at => $"{tape.KindAt(at)} {Encoding.UTF8.GetString(tape.NameAt(at))} {tape.Next(at)} {Encoding.UTF8.GetString(tape.Whole(at).Span)}"));
        }
    }

    /// <summary>The plain version: a token after the other.</summary>
    static (string? Reason, List<string> Values) Plain(byte[] utf8)
    {
        if (!Utf8.IsValid(utf8)) return ("utf8-invalid", []);
        var reader = new Utf8JsonReader(utf8, new() { MaxDepth = 64 });
        var open = new Stack<int>();
        var values = new List<(JsonTape.Kind Kind, string Name, int Start, int Length, int Next)>();
        var (name, isEscaped) = ("", false);
        try
        {
            while (reader.Read())
            {
                var (start, kind) = ((int)reader.TokenStartIndex, reader.TokenType switch
                {
                    JsonTokenType.StartObject => JsonTape.Kind.Object,
                    JsonTokenType.StartArray => JsonTape.Kind.Array,
                    JsonTokenType.Number => JsonTape.Kind.Number,
                    JsonTokenType.True => JsonTape.Kind.True,
                    JsonTokenType.False => JsonTape.Kind.False,
                    JsonTokenType.Null => JsonTape.Kind.Null,
                    _ => reader.ValueIsEscaped ? JsonTape.Kind.EscapedText : JsonTape.Kind.Text,
                });
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        (name, isEscaped) = (Encoding.UTF8.GetString(reader.ValueSpan), isEscaped || reader.ValueIsEscaped);
                        continue;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        var at = open.Pop();
                        values[at] = values[at] with { Length = (int)reader.BytesConsumed - values[at].Start, Next = values.Count };
                        continue;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        open.Push(values.Count);
                        values.Add((kind, name, start, 0, 0));
                        break;
                    default:
                        values.Add((kind, name, reader.TokenType == JsonTokenType.String ? start + 1 : start, reader.ValueSpan.Length, values.Count + 1));
                        break;
                }
                name = "";
            }
        }
        catch (JsonException)
        {
            return (open.Count >= 64 ? "json-too-deep" : "json-invalid", []);
        }
        return values.Count > 0 && values[0].Kind == JsonTape.Kind.Object ? isEscaped ? ("json-name-escaped", []) : (null, [.. values.Select(v => $"{v.Kind} {v.Name} {v.Next} {Encoding.UTF8.GetString(utf8.AsSpan(v.Start, v.Length))}")]) : ("json-not-object", []);
    }
}
