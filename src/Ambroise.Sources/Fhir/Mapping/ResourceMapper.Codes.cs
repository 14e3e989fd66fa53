using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ambroise.Lake.Cdm;
using Ambroise.Lake.Columns;
using Ambroise.Sources.Fhir.Codes;
using Ambroise.Sources.Fhir.Json;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>Codes, currencies and units to concepts.</summary>
sealed partial class ResourceMapper
{
    /// <summary>Chooses among the codings of a CodeableConcept: one with a standard concept, else with one on some days, else one the vocabulary knows, else the first; of a code and a more specific one of its vocabulary, or of an ingredient and a product, the specific; the coding its user
    /// chose settles ties.</summary>
    /// <returns>Null where there is no code.</returns>
    public Coded? Code(JsonNode concept)
    {
        if (concept.IsScalar) Unread = "code";
        // Most concepts were met before, letter for letter.
        var text = concept.Bytes;
        if (text.Length is 0 or > MostOfConcept) return Told(Choose(concept));
        ref var seen = ref seenConcepts[XxHash3.HashToUInt64(text) % (ulong)seenConcepts.Length];
        if (!text.SequenceEqual(seen.Text)) seen = (text.ToArray(), Choose(concept));
        return Told(seen.Code);
    }

    /// <summary>Concepts of the resource that have several codings, as its record tells them; null where none has.</summary>
    public byte[]? Codings => codings.Count == 0 ? null : [(byte)'[', .. codings.SelectMany((one, n) => n == 0 ? one : (byte[])[(byte)',', .. one]), (byte)']'];

    readonly List<byte[]> codings = [];

    Coded? Told(Coded? code)
    {
        if (code?.Codings is { } all && !codings.Contains(all)) codings.Add(all);
        return code;
    }

    Coded? Choose(JsonNode concept)
    {
        Coded? best = null;
        var (bestScore, all) = (-1, new List<(Coded Code, string Name)>());
        foreach (var coding in concept["coding"u8].Items)
        {
            if (Coding(coding) is not { } coded) continue;
            all.Add((coded, $"{coding["system"u8]}|{coding["code"u8]}"));
            var score = coded.Absence == Absence.Unknown ? -1 : 2 * codes.Worth(coded.Meaning) + (coding["userSelected"u8].IsTrue ? 1 : 0);
            if (best is null || (score > bestScore ? !codes.IsAbove(coded.Meaning, best.Meaning) : codes.IsAbove(best.Meaning, coded.Meaning))) (best, bestScore) = (coded, score);
        }
        return best is null || all.Count == 1 ? best : best with { Codings = JsonSerializer.SerializeToUtf8Bytes([.. all.OrderBy(c => ReferenceEquals(c.Code, best) ? 0 : 1).Select(c => c.Name).Distinct()], CodingsJson.Default.StringArray) };
    }

    /// <summary>A concept's code, else its words; null where it says nothing.</summary>
    public Coded? CodeOrWords(JsonNode concept) => Code(concept) is { Absence: not Absence.Unknown } code ? code : Words(concept) is { } words ? Coded.Of(words) : null;

    /// <summary>A concept's text, else the words of a coding that has no code: those of a number of somebody's are none.</summary>
    public static string? Words(JsonNode concept)
    {
        if (concept["text"u8].TextOrNull is { } text) return text;
        foreach (var coding in concept["coding"u8].Items)
            if (!coding["code"u8].Exists && coding["display"u8].TextOrNull is { } words) return words;
        return null;
    }

    /// <returns>Null where there is no code, or where it is somebody's number: systems of identities have none.</returns>
    public Coded? Coding(JsonNode coding)
    {
        var code = coding["code"u8].Text;
        if (code.Length == 0) return null;
        var system = coding["system"u8].Text;
        if (Ins.IsSystem(system))
        {
            Chunk.Count($"{Type}.coding", "identity-as-code");
            return null;
        }
        Span<byte> both = system.Length + code.Length < 256 ? stackalloc byte[system.Length + 1 + code.Length] : new byte[system.Length + 1 + code.Length];
        system.CopyTo(both);
        code.CopyTo(both[(system.Length + 1)..]);
        if (seenCodes.TryGetValue(both, out var seen)) return seen;
        return seenCodes[both] = new(codes.Find(Encoding.UTF8.GetString(system), Encoding.UTF8.GetString(code)), coding["display"u8].ToString());
    }

    /// <summary>The meaning of a code on the day of its event.</summary>
    public CodeMeaning On(Coded coded, int day) => !coded.Meaning.IsDated ? coded.Meaning : codes.Find(coded.Meaning.Vocabulary, coded.Meaning.Code, day);

    /// <returns>Concept of a currency by its ISO 4217 code, 0 where the vocabulary lacks it.</returns>
    public int Currency(JsonNode code)
    {
        if (!code.Exists) return 0;
        var text = code.Text;
        if (!seenCurrencies.TryGetValue(text, out var seen)) seenCurrencies[text] = seen = new(codes.Find("urn:iso:std:iso:4217", code.ToString()), "");
        return Standard(seen, Cdm54.Cost);
    }

    /// <summary>A unit's concept and its text: UCUM's code where there is one. A unit without a concept is told among the unmapped, as of this table.</summary>
    /// <param name="day">Of the event.</param>
    public (int Concept, byte[]? Source) Unit(JsonNode quantity, CdmTable table, int day)
    {
        var code = quantity["code"u8].Text;
        if (code.Length == 0) code = quantity["unit"u8].Text;
        if (code.Length == 0) return (Null.Int32, null);
        var system = quantity["system"u8].Text;
        if (system.Length == 0 || Ascii.Equals(system, Ucum) || quantity["code"u8].Text.Length == 0) return Unit(code, table, day);
        if (Coding(quantity) is not { } own) return (Null.Int32, null);
        // A code that nobody maps beside a unit in words: what is printed may be UCUM's.
        if (!On(own, day).IsMapped && quantity["unit"u8].Text is { Length: > 0 } printed && InUcum(printed) is var found && OnDay(found, day) is > 0 and var known) return (known, found.Source);
        return (Standard(own, table, day), own.Code);
    }

    /// <param name="code">UCUM's.</param>
    public (int Concept, byte[]? Source) Unit(ReadOnlySpan<byte> code, CdmTable table, int day)
    {
        ref var last = ref lastUnits[(code.Length + 5 * code[0] + 3 * code[^1]) % lastUnits.Length];
        if (!code.SequenceEqual(last.Source)) last = InUcum(code);
        var concept = OnDay(last, day);
        if (concept == 0) Unmapped(new(codes.Find(Ucum, Encoding.UTF8.GetString(code)), ""), table);
        return (concept, last.Source);
    }

    int OnDay(in PrintedUnit unit, int day) => unit.Dated is null ? unit.Concept : On(unit.Dated, day).Standard;

    PrintedUnit InUcum(ReadOnlySpan<byte> code)
    {
        if (seenUnits.TryGetValue(code, out var seen)) return seen;
        var text = Encoding.UTF8.GetString(code);
        var meaning = codes.Find(Ucum, text);
        if (!meaning.IsMapped && !meaning.IsDated && Units.Ucum(text) is { } other) meaning = codes.Find(Ucum, other);
        return seenUnits[code] = new(meaning.Standard, code.ToArray(), meaning.IsDated ? new(meaning, "") : null);
    }

    /// <param name="Concept">0 where the vocabulary has none.</param>
    /// <param name="Dated">Where what it means depends on the day.</param>
    readonly record struct PrintedUnit(int Concept, byte[] Source, Coded? Dated);

    const string Ucum = "http://unitsofmeasure.org";
}

[JsonSerializable(typeof(string[]))]
sealed partial class CodingsJson : JsonSerializerContext;
