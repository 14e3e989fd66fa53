using System.Globalization;

namespace Ambroise.Sources.Fhir.Export;

/// <summary>What is asked of a FHIR server: whose resources, of which types, changed since when.</summary>
/// <remarks>HL7 FHIR Bulk Data Access 2.0.0, "Bulk Data Kick-off Request".</remarks>
public sealed record ExportRequest
{
    ExportRequest(Uri server, string level, IReadOnlyList<string> types, string? since, TimeSpan limit, bool allowPlainHttp) =>
        (Server, Level, Types, Since, Limit, AllowPlainHttp) = (server, level, types, since, limit, allowPlainHttp);

    /// <summary>The server's base address, ending in a slash.</summary>
    public Uri Server { get; }

    /// <summary>The part of the address before <c>$export</c>: empty for the whole system, <c>Patient/</c>, or <c>Group/ID/</c>.</summary>
    public string Level { get; }

    /// <summary>In ordinal order; empty for all that the server gives.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>An instant as FHIR writes it; null for everything.</summary>
    public string? Since { get; init; }

    /// <summary>The longest that the whole export may take, waiting included.</summary>
    public TimeSpan Limit { get; }

    /// <summary>Whether a server other than this machine may be spoken to without TLS.</summary>
    public bool AllowPlainHttp { get; }

    /// <summary>What an export is known by from one time to the next: address, level and types.</summary>
    internal string Name => $"{Server.AbsoluteUri}\n{Level}\n{string.Join(',', Types)}";

    /// <summary>For people: scheme, host and path.</summary>
    public string Shown => $"{Server.GetLeftPart(UriPartial.Path).TrimEnd('/')}";

    internal Uri KickOff
    {
        get
        {
            var query = new List<string> { "_outputFormat=application%2Ffhir%2Bndjson" };
            if (Types.Count > 0) query.Add($"_type={Uri.EscapeDataString(string.Join(',', Types))}");
            if (Since is not null) query.Add($"_since={Uri.EscapeDataString(Since)}");
            return new Uri(Server, $"{Level}$export?{string.Join('&', query)}");
        }
    }

    /// <returns>True for what is the address of a server rather than a folder.</returns>
    public static bool IsAddress(string source) => source.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || source.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <param name="patients">Patients and what belongs to them, rather than the whole system.</param>
    /// <param name="group">The id of a Group; null for none.</param>
    /// <param name="since">An instant with its offset; null for everything.</param>
    /// <returns>The request; or <c>export.address-invalid</c>, <c>export.plain-http</c>, <c>export.since-invalid</c>, <c>export.type-invalid</c>, <c>export.group-invalid</c>.</returns>
    public static Result<ExportRequest> Parse(string address, bool patients, string? group, IEnumerable<string> types, string? since, TimeSpan limit, bool allowPlainHttp)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var server) || !IsAddress(address) || server.Query.Length > 0 || server.Fragment.Length > 0 || server.UserInfo.Length > 0)
            return new Failure(FailureKind.Invalid, "export.address-invalid", "The address of a FHIR server is its base, as https://server/fhir, without name, password, query or fragment.");
        if (!server.AbsolutePath.EndsWith('/')) server = new Uri(server.AbsoluteUri + "/");
        if (!IsPrivate(server) && !allowPlainHttp)
            return new Failure(FailureKind.Forbidden, "export.plain-http", $"{server.Host} would send patients' data unencrypted: use its https address, or say --insecure-http where the line itself is protected.");
        if (group is not null && (group.Length is 0 or > 64 || !group.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')))
            return new Failure(FailureKind.Invalid, "export.group-invalid", "The id of a Group has 1 to 64 letters, digits, '-' and '.'.");
        var named = types.SelectMany(t => t.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct().Order(StringComparer.Ordinal).ToList();
        if (named.Find(t => !Resources.ResourceTypes.Known.Contains(t)) is { } unknown)
            return new Failure(FailureKind.Invalid, "export.type-invalid", $"'{unknown}' is no resource type of FHIR R4: name them as Patient,Condition.");
        if (since is not null && !IsInstant(since)) return new Failure(FailureKind.Invalid, "export.since-invalid", "--since takes auto, or a day with time and offset as 2026-03-01T00:00:00Z.");
        return new ExportRequest(server, group is not null ? $"Group/{group}/" : patients ? "Patient/" : "", named, since, limit, allowPlainHttp);
    }

    /// <returns>True for a FHIR instant: day, time and offset.</returns>
    internal static bool IsInstant(string text) => text.Length is >= 20 and <= 40 && text[10] == 'T' && (text[^1] == 'Z' || text[^6] is '+' or '-')
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out _);

    /// <param name="text">See <see cref="IsInstant"/>.</param>
    internal static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);

    /// <returns>True where nobody between can read: TLS, or this very machine.</returns>
    internal static bool IsPrivate(Uri address) => address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp && address.IsLoopback;
}
