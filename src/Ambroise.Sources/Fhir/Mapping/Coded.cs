using System.Text;
using Ambroise.Sources.Fhir.Codes;

namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>What a code says instead of what something is.</summary>
enum Absence : byte
{
    /// <summary>It is the code of something.</summary>
    None,

    /// <summary>That there is none: no known medication, say.</summary>
    KnownAbsent,

    /// <summary>That nobody knows.</summary>
    Unknown,
}

/// <summary>A code as a resource gave it: its meaning, and the words beside it. Of a product without one: its ingredients, or its words.</summary>
sealed record Coded(CodeMeaning Meaning, string Display)
{
    /// <summary>Names that no code system has, under which a product without a code is kept from load to load.</summary>
    const string Words = "#words", Ingredients = "#ingredients";

    public byte[] Code { get; } = Encoding.UTF8.GetBytes(Meaning.Code);

    /// <summary>Its code is what somebody wrote.</summary>
    public bool IsWords => Meaning.Vocabulary == Words;

    /// <summary>What it is made of, each an event of its own; empty for whatever has a code.</summary>
    public Coded[] Parts { get; private init; } = [];

    /// <summary>Where the concept that it was chosen from has others beside it: all of them as JSON, an array of <c>system|code</c>, itself first. Else null.</summary>
    public byte[]? Codings { get; init; }

    public Absence Absence { get; } = AbsenceOf(Meaning);

    public static Coded Of(string words) => new(new(Words, words, 0, []), "");

    /// <param name="parts">Two or more.</param>
    public static Coded Of(IReadOnlyList<Coded> parts) => new(new(Ingredients, string.Join('\n', parts.Select(p => $"{Uri.EscapeDataString(p.Meaning.Vocabulary)} {Uri.EscapeDataString(p.Meaning.Code)}")), 0, []), "") { Parts = [.. parts] };

    /// <summary>As an earlier load knew it.</summary>
    public static Coded Of(CodeBook codes, string vocabulary, string code, string display) => vocabulary switch
    {
        Words => Of(code),
        Ingredients => Of([.. code.Split('\n').Select(p => p.Split(' ', 2)).Select(p => Of(codes, Uri.UnescapeDataString(p[0]), Uri.UnescapeDataString(p[1]), ""))]),
        _ => new(codes.Find(vocabulary, code), display),
    };

    /// <summary>International Patient Summary 1.1 and 2.0, "Absent and Unknown Data"; HL7 v3 NullFlavor and FHIR's data-absent-reason, where they stand for a code.</summary>
    static Absence AbsenceOf(CodeMeaning meaning) => meaning.Vocabulary switch
    {
        "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips" or "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown" => meaning.Code.EndsWith("-info", StringComparison.Ordinal) ? Absence.Unknown : Absence.KnownAbsent,
        "http://terminology.hl7.org/CodeSystem/v3-NullFlavor" or "http://terminology.hl7.org/CodeSystem/data-absent-reason" => Absence.Unknown,
        "SNOMED" => meaning.Code is "160245001" or "716186003" or "409137002" or "787480003" or "787481004" or "787482006" ? Absence.KnownAbsent : Absence.None,
        _ => Absence.None,
    };
}
