namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>The national identity of a patient, INS.</summary>
static class Ins
{
    /// <summary>Object identifiers of the NIR, the NIA and their test roots (ANS, "Référentiel INS" 2.0, annex).</summary>
    static readonly byte[][] Systems = [.. new[] { "8", "9", "10", "11" }.Select(root => System.Text.Encoding.ASCII.GetBytes($"urn:oid:1.2.250.1.213.1.4.{root}"))];

    public static bool IsSystem(ReadOnlySpan<byte> system)
    {
        if (system.Length is < 27 or > 28) return false; // nearly every system
        foreach (var one in Systems)
            if (system.SequenceEqual(one)) return true;
        return false;
    }

    /// <summary>A number as it is compared: some systems write it in groups.</summary>
    public static ReadOnlySpan<byte> Bare(ReadOnlySpan<byte> number)
    {
        if (number.IndexOf((byte)' ') < 0) return number;
        var bare = new byte[number.Length - number.Count((byte)' ')];
        var length = 0;
        foreach (var digit in number)
            if (digit != ' ') bare[length++] = digit;
        return bare;
    }
}
