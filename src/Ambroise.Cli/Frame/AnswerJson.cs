using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Ambroise.Cli.Frame;

/// <summary>An answer as the JSON of <c>--json</c>: properties by their declared type, names and enums in camel case, as the platform's serialiser writes them.</summary>
/// <remarks>That one makes code for each type as it meets it, which a program compiled for its machine cannot do: this one asks each value for its properties.</remarks>
[UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "What answers consist of is kept whole: Ambroise.Cli.csproj trims no assembly of ours, and the platform's lists keep their interfaces.")]
static class AnswerJson
{
    static readonly JsonWriterOptions Style = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }; // read by programs and people, never put in a page

    sealed record Member(string Name, PropertyInfo Property, bool OnlyWhereSet);

    static readonly Dictionary<Type, Member[]> known = [];

    public static string Of(object answer)
    {
        using var bytes = new MemoryStream();
        using (var to = new Utf8JsonWriter(bytes, Style)) Write(to, answer, answer.GetType());
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    static void Write(Utf8JsonWriter to, object? value, Type declared)
    {
        if (declared == typeof(object)) declared = value?.GetType() ?? declared; // says nothing: what is there counts
        switch (value)
        {
            case null: to.WriteNullValue(); break;
            case string text: to.WriteStringValue(text); break;
            case bool flag: to.WriteBooleanValue(flag); break;
            case int number: to.WriteNumberValue(number); break;
            case long number: to.WriteNumberValue(number); break;
            case double number: to.WriteNumberValue(number); break;
            case Enum word: to.WriteStringValue(JsonNamingPolicy.CamelCase.ConvertName(word.ToString())); break;
            case DateTimeOffset instant: to.WriteStringValue(instant); break;
            case DateOnly day: to.WriteStringValue(day.ToString("O", CultureInfo.InvariantCulture)); break;
            case TimeSpan span: to.WriteStringValue(span.ToString("c", CultureInfo.InvariantCulture)); break;
            case byte[] bytes: to.WriteBase64StringValue(bytes); break;
            case JsonElement json: json.WriteTo(to); break;
            case JsonNode json: json.WriteTo(to); break;
            case IDictionary entries: WriteEntries(to, entries, ItemOf(declared).GetGenericArguments()[1]); break;
            case IEnumerable items: WriteItems(to, items, ItemOf(declared)); break;
            case var own when own.GetType().IsDefined(typeof(JsonConverterAttribute)): to.WriteStringValue(own.ToString()); break; // ours are all written as their text
            default: WriteMembers(to, value, declared); break;
        }
    }

    static void WriteEntries(Utf8JsonWriter to, IDictionary entries, Type of)
    {
        to.WriteStartObject();
        foreach (DictionaryEntry entry in entries)
        {
            to.WritePropertyName(Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!);
            Write(to, entry.Value, of);
        }
        to.WriteEndObject();
    }

    /// <summary>What a list is declared to hold: of a dictionary, pairs of key and value.</summary>
    static Type ItemOf(Type list) => list.GetElementType() ?? list.GetInterfaces().Append(list).First(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>)).GetGenericArguments()[0];

    static void WriteItems(Utf8JsonWriter to, IEnumerable items, Type of)
    {
        to.WriteStartArray();
        foreach (var item in items) Write(to, item, of);
        to.WriteEndArray();
    }

    static void WriteMembers(Utf8JsonWriter to, object value, Type type)
    {
        to.WriteStartObject();
        foreach (var (name, property, onlyWhereSet) in Members(type))
        {
            var of = property.GetValue(value);
            if (onlyWhereSet && of is null or false or 0 or 0L) continue;
            to.WritePropertyName(name);
            Write(to, of, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType);
        }
        to.WriteEndObject();
    }

    static Member[] Members(Type type)
    {
        if (known.TryGetValue(type, out var members)) return members;
        return known[type] =
        [
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetMethod is { IsPublic: true } && p.GetIndexParameters().Length == 0)
                .Select(p => (Property: p, Ignore: p.GetCustomAttribute<JsonIgnoreAttribute>()?.Condition ?? JsonIgnoreCondition.Never)).Where(p => p.Ignore != JsonIgnoreCondition.Always)
                .Select(p => new Member(JsonNamingPolicy.CamelCase.ConvertName(p.Property.Name), p.Property, p.Ignore != JsonIgnoreCondition.Never)),
        ];
    }
}
