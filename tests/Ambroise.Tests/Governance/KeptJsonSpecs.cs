using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ambroise.Governance.Control;

namespace Ambroise.Tests.Governance;

/// <summary>What is kept is described for the serialiser when the program is compiled: these look at that description, whatever types are added to it.</summary>
public sealed class KeptJsonSpecs
{
    static IEnumerable<Type> Kept => typeof(KeptTypes).GetProperties().Select(p => p.PropertyType).Where(t => t.IsGenericType && t.GetGenericTypeDefinition() == typeof(JsonTypeInfo<>)).Select(t => t.GetGenericArguments()[0]);

    static string Written(Type type, object value)
    {
        var of = typeof(KeptJson).GetMethods(BindingFlags.Public | BindingFlags.Static).Single(m => m.Name == nameof(KeptJson.Of)).MakeGenericMethod(type).Invoke(null, null);
        return JsonSerializer.Serialize(value, (JsonTypeInfo)of!);
    }

    [Fact]
    public void Every_word_of_a_list_is_kept_as_text_in_camel_case()
    {
        var words = Kept.Where(t => t.IsEnum).ToList();
        Assert.NotEmpty(words);
        foreach (var type in words)
            foreach (var value in Enum.GetValues(type)) Assert.Equal($"\"{JsonNamingPolicy.CamelCase.ConvertName($"{value}")}\"", Written(type, value));
    }

    [Fact]
    public void Every_kept_record_is_described_as_the_platform_sees_it()
    {
        // The platform's own look at a type, by reflection, and the description made beforehand agree on names and their order.
        JsonSerializerOptions platform = new(JsonSerializerDefaults.Web) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() }, kept = new(JsonSerializerDefaults.Web) { TypeInfoResolver = KeptTypes.Default };
        foreach (var type in Kept.Where(t => t.Namespace!.StartsWith("Ambroise.", StringComparison.Ordinal) && !t.IsEnum))
            Assert.Equal(platform.GetTypeInfo(type).Properties.Select(p => $"{type.Name}.{p.Name}"), kept.GetTypeInfo(type).Properties.Select(p => $"{type.Name}.{p.Name}"));
    }
}
