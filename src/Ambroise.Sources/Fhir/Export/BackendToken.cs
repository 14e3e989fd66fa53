using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ambroise.Sources.Fhir.Export;

/// <summary>Who this warehouse is to a FHIR server.</summary>
/// <param name="TokenAddress">Null: as the server's <c>.well-known/smart-configuration</c> says.</param>
/// <param name="Scope">Null: to read everything, in the words the server understands.</param>
public sealed record BackendClient(string Id, ClientKey Key, Uri? TokenAddress, string? Scope);

/// <summary>An access token of SMART Backend Services: asked for by a signed assertion, and again before it ends. Held in memory alone.</summary>
/// <remarks>SMART App Launch 2.2.0, "Backend Services"; RFC 7523.</remarks>
sealed class BackendToken(BackendClient client, ExportRequest asked, TimeProvider clock)
{
    static readonly ExportPlace Place = new(ExportStep.Token);

    /// <summary>SMART: an assertion lives five minutes at most.</summary>
    static readonly TimeSpan AssertionLife = TimeSpan.FromMinutes(4);

    Uri? address = client.TokenAddress;
    string scope = client.Scope ?? "";
    string? token;
    DateTimeOffset ends;

    /// <summary>The next request asks for a new one.</summary>
    public void Forget() => token = null;

    /// <exception cref="FailureException"><c>export.token-refused</c>, <c>export.token-address</c>, <c>export.token-invalid</c>, and those of <see cref="ServerLine"/>.</exception>
    public async Task<string> GetAsync(ServerLine line, CancellationToken cancel)
    {
        if (token is not null && clock.GetUtcNow() < ends) return token;
        if (address is null || scope.Length == 0) await DiscoverAsync(line, cancel);
        var to = address!;
        if (!ExportRequest.IsPrivate(to)) throw new Failure(FailureKind.Forbidden, "export.token-plain", $"The token endpoint at {to.Host} is plain http: nothing that proves who we are is sent there. Use https.").AsException();
        var now = clock.GetUtcNow();
        var (answer, body) = await line.AskAsync(HttpMethod.Post, to, Place, request => request.Content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["scope"] = scope,
            ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ["client_assertion"] = Assertion(to, clock.GetUtcNow()),
        }), withToken: false, 1 << 20, cancel);
        using var read = answer;
        if (answer.StatusCode != HttpStatusCode.OK)
            throw new Failure(FailureKind.Forbidden, "export.token-refused", $"{to.Host} gives no token to client '{client.Id}' ({(int)answer.StatusCode}{ErrorOf(body)}): is its public key (kid {client.Key.Id}, {client.Key.Algorithm}) registered there, and the scope {scope} allowed?").AsException();
        try
        {
            using var json = JsonDocument.Parse(body);
            token = json.RootElement.GetProperty("access_token").GetString() is { Length: > 0 } given && given.All(static c => c is > ' ' and < '\x7f') ? given : throw new FormatException();
            var seconds = json.RootElement.TryGetProperty("expires_in", out var life) && life.ValueKind == JsonValueKind.Number ? Math.Clamp(life.GetDouble(), 0, 86400) : 300;
            // A little early, so that it does not end on its way.
            ends = now + TimeSpan.FromSeconds(seconds - Math.Min(30, seconds / 4));
            return token;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new Failure(FailureKind.Unavailable, "export.token-invalid", $"{to.Host} answers something that is no token: is {to.GetLeftPart(UriPartial.Path)} its token endpoint?").AsException();
        }
    }

    async Task DiscoverAsync(ServerLine line, CancellationToken cancel)
    {
        var place = new ExportPlace(ExportStep.Configuration);
        var (answer, body) = await line.AskAsync(HttpMethod.Get, new Uri(asked.Server, ".well-known/smart-configuration"), place, static r => r.Headers.Accept.ParseAdd("application/json"), withToken: false, 1 << 20, cancel);
        using var read = answer;
        var version2 = true;
        if (answer.StatusCode == HttpStatusCode.OK)
            try
            {
                using var json = JsonDocument.Parse(body);
                address ??= json.RootElement.TryGetProperty("token_endpoint", out var named) && Uri.TryCreate(asked.Server, named.GetString(), out var found) ? found : null;
                version2 = !json.RootElement.TryGetProperty("capabilities", out var able) || able.EnumerateArray().Any(c => c.ValueEquals("permission-v2")) || !able.EnumerateArray().Any(c => c.ValueEquals("permission-v1"));
                if (json.RootElement.TryGetProperty("token_endpoint_auth_signing_alg_values_supported", out var algorithms) && !algorithms.EnumerateArray().Any(a => a.ValueEquals(client.Key.Algorithm)))
                    throw new Failure(FailureKind.Invalid, "export.key-unwanted", $"{asked.Server.Host} does not take keys that sign with {client.Key.Algorithm}: give it the other kind (RSA for RS384, P-384 for ES384).").AsException();
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // Not a configuration: told below, where an address is still missing.
            }
        if (address is null) throw new Failure(FailureKind.Unavailable, "export.token-address", $"{asked.Shown} does not say in .well-known/smart-configuration where tokens are given: name it with --token-url.").AsException();
        if (scope.Length == 0) scope = version2 ? "system/*.rs" : "system/*.read";
    }

    string Assertion(Uri to, DateTimeOffset now) => client.Key.Sign(new()
    {
        ["iss"] = client.Id,
        ["sub"] = client.Id,
        ["aud"] = to.AbsoluteUri,
        ["iat"] = now.ToUnixTimeSeconds(),
        ["exp"] = (now + AssertionLife).ToUnixTimeSeconds(),
        ["jti"] = RandomNumberGenerator.GetHexString(32, lowercase: true), // used once, so that a copy of it is worth nothing
    });

    /// <summary>OAuth's word for what is wrong, where it is one (RFC 6749, section 5.2).</summary>
    static string ErrorOf(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String && error.GetString() is { Length: <= 40 } word && word.All(static c => char.IsAsciiLetterLower(c) || c == '_') ? $", {word}" : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
