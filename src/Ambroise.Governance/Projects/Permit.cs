using System.Text.Json;
using Ambroise.Governance.Control;
using Ambroise.Vault;

namespace Ambroise.Governance.Projects;

/// <summary>The decision that lets a project have data: signed, and never changed. An amended project has a permit of a higher version. No permit, no data.</summary>
/// <param name="Version">1 or more.</param>
/// <param name="Release">The release that datasets are built from.</param>
/// <param name="Until">Its last day.</param>
/// <param name="IssuedBy">Who decided.</param>
public sealed record Permit(string Tenant, string Project, int Version, int Release, ProjectRequest Request, DateOnly From, DateOnly Until, DateTimeOffset Issued, string IssuedBy)
{
    /// <returns>The permit as it is kept: its text and the signature of the tenant's key over it.</returns>
    public SignedPermit Sign(SigningKey key)
    {
        var text = JsonSerializer.Serialize(this, KeptJson.Of<Permit>());
        return new(text, Convert.ToBase64String(key.Sign(SignedPermit.Message(text))));
    }

    internal static Permit Read(string text) => JsonSerializer.Deserialize(text, KeptJson.Of<Permit>()) ?? throw new JsonException();
}

/// <summary>A permit as it is kept.</summary>
/// <param name="Signature">Ed25519, base64.</param>
public sealed record SignedPermit(string Text, string Signature)
{
    internal static byte[] Message(string text) => System.Text.Encoding.UTF8.GetBytes("ambroise permit\n" + text);

    /// <returns>The permit, or <c>permit.tampered</c> where the text is not what was signed.</returns>
    public Result<Permit> Open(SigningKey key)
    {
        var signature = new byte[SigningKey.SignatureBytes];
        return Convert.TryFromBase64String(Signature, signature, out var written) && written == signature.Length && SigningKey.Verify(key.PublicKey, Message(Text), signature)
            ? Permit.Read(Text)
            : new Failure(FailureKind.Tampered, "permit.tampered", "A permit is not the one that was signed.");
    }
}
