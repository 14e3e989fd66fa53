namespace Ambroise.Sources.Fhir.Mapping;

/// <summary>The national identity of a patient, INS.</summary>
static class Ins
{
    /// <summary>Object identifiers of the NIR, the NIA and their test roots (ANS, "Référentiel INS" 2.0, annex).</summary>
    static readonly byte[][] Systems = [.. new[] { "8", "9", "10", "11" }.Select(root => System.Text.Encoding.ASCII.GetBytes($"1.2.250.1.213.1.4.{root}"))];

    /// <summary>Some write the identifier alone, without saying by <c>urn:oid:</c> that it is one.</summary>
    public static bool IsSystem(ReadOnlySpan<byte> system)
    {
        if (system.Length is < 19 or > 28) return false; // nearly every system
        if (system.StartsWith("urn:oid:"u8)) system = system[8..];
        foreach (var one in Systems)
            if (system.SequenceEqual(one)) return true;
        return false;
    }

    /// <summary>A system of these under its one name.</summary>
    public static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> system) => system.StartsWith("urn:oid:"u8) ? system : (byte[])[.. "urn:oid:"u8, .. system];

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
