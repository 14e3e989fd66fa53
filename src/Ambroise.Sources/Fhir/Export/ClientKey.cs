using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ambroise.Sources.Fhir.Export;

/// <summary>The private key by which this warehouse shows a FHIR server who it is: RSA (RS384) or P-384 (ES384).</summary>
/// <remarks>SMART App Launch 2.2.0, "Client Authentication: Asymmetric": clients use RS384 or ES384.</remarks>
public sealed class ClientKey : IDisposable
{
    readonly RSA? rsa;
    readonly ECDsa? ec;

    ClientKey(RSA? rsa, ECDsa? ec, string? id) => (this.rsa, this.ec, Id) = (rsa, ec, id ?? Thumbprint(rsa, ec));

    /// <summary><c>RS384</c> or <c>ES384</c>.</summary>
    public string Algorithm => rsa is not null ? "RS384" : "ES384";

    /// <summary>The key's name in the set the server knows: as given, else the JWK's own, else its thumbprint (RFC 7638).</summary>
    public string Id { get; }

    /// <param name="path">PEM (PKCS#8, PKCS#1 or SEC1, without a passphrase), a JWK, or a JWK Set of which the first private key counts.</param>
    /// <param name="id">Null: the JWK's own, else the thumbprint.</param>
    /// <returns>The key; or <c>export.key-missing</c>, <c>export.key-invalid</c>. No message quotes the file.</returns>
    public static Result<ClientKey> Read(string path, string? id)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Failure(FailureKind.NotFound, "export.key-missing", $"The client's key {path} cannot be read.");
        }
        try
        {
            return (text.Contains("-----BEGIN", StringComparison.Ordinal) ? Pem(text, id) : Jwk(text, id)) is { } key ? key : Invalid(path);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            return Invalid(path);
        }
    }

    static Failure Invalid(string path) => new(FailureKind.Invalid, "export.key-invalid", $"{path} holds no private key that SMART Backend Services takes: RSA of 2048 bits or more, or EC P-384, as PEM without a passphrase or as JWK.");

    static ClientKey? Pem(string text, string? id)
    {
        if (text.Contains("ENCRYPTED", StringComparison.Ordinal)) return null;
        var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(text);
            _ = rsa.ExportParameters(includePrivateParameters: true); // a public key is no use here
            return Accept(rsa, null, id);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            rsa.Dispose();
        }
        var ec = ECDsa.Create();
        ec.ImportFromPem(text);
        _ = ec.ExportParameters(includePrivateParameters: true);
        return Accept(null, ec, id);
    }

    static ClientKey? Jwk(string text, string? id)
    {
        using var document = JsonDocument.Parse(text);
        var keys = document.RootElement.TryGetProperty("keys", out var set) ? set.EnumerateArray() : Enumerable.Repeat(document.RootElement, 1);
        foreach (var key in keys)
        {
            if (!key.TryGetProperty("d", out _)) continue;
            byte[] Part(string name) => Base64Url.Decode(key.GetProperty(name).GetString()!);
            var named = id ?? (key.TryGetProperty("kid", out var kid) ? kid.GetString() : null);
            if (key.GetProperty("kty").GetString() == "RSA")
                return Accept(RSA.Create(new RSAParameters { Modulus = Part("n"), Exponent = Part("e"), D = Part("d"), P = Part("p"), Q = Part("q"), DP = Part("dp"), DQ = Part("dq"), InverseQ = Part("qi") }), null, named);
            if (key.GetProperty("kty").GetString() == "EC" && key.GetProperty("crv").GetString() == "P-384")
                return Accept(null, ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP384, D = Part("d"), Q = new ECPoint { X = Part("x"), Y = Part("y") } }), named);
        }
        return null;
    }

    static ClientKey? Accept(RSA? rsa, ECDsa? ec, string? id)
    {
        if (rsa is { KeySize: >= 2048 } || ec is { KeySize: 384 }) return new(rsa, ec, id);
        rsa?.Dispose();
        ec?.Dispose();
        return null;
    }

    /// <returns>A JSON Web Token (RFC 7519) of these claims, signed.</returns>
    internal string Sign(JsonObject claims)
    {
        var header = new JsonObject { ["alg"] = Algorithm, ["kid"] = Id, ["typ"] = "JWT" };
        var signed = $"{Encoded(header)}.{Encoded(claims)}";
        var bytes = Encoding.ASCII.GetBytes(signed);
        var signature = rsa is not null ? rsa.SignData(bytes, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1) : ec!.SignData(bytes, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return $"{signed}.{Base64Url.Encode(signature)}";
    }

    static string Encoded(JsonObject json) => Base64Url.Encode(Encoding.UTF8.GetBytes(json.ToJsonString()));

    /// <summary>SHA-256 of the public key's required members in their order, RFC 7638, section 3.</summary>
    static string Thumbprint(RSA? rsa, ECDsa? ec)
    {
        string members;
        if (rsa is not null)
        {
            var p = rsa.ExportParameters(false);
            members = $$"""{"e":"{{Base64Url.Encode(p.Exponent!)}}","kty":"RSA","n":"{{Base64Url.Encode(p.Modulus!)}}"}""";
        }
        else
        {
            var q = ec!.ExportParameters(false).Q;
            members = $$"""{"crv":"P-384","kty":"EC","x":"{{Base64Url.Encode(q.X!)}}","y":"{{Base64Url.Encode(q.Y!)}}"}""";
        }
        return Base64Url.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(members)));
    }

    public void Dispose()
    {
        rsa?.Dispose();
        ec?.Dispose();
    }
}

/// <summary>Base64 with the alphabet for addresses and without padding, as JOSE writes it (RFC 7515, section 2).</summary>
static class Base64Url
{
    public static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    public static byte[] Decode(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);
}
