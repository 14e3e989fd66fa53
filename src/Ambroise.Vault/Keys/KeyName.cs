namespace Ambroise.Vault.Keys;

/// <summary>Names of tenants, key groups and keys: they become file names and lines of an authenticated context, so nothing else is let through.</summary>
static class KeyName
{
    /// <returns>True for 1 to 100 characters among a-z, 0-9, '.', '-' and '_', the first a letter or a digit.</returns>
    public static bool IsValid(string? name) =>
        name is { Length: >= 1 and <= 100 } && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_');

    public static string Check(string name) =>
        IsValid(name) ? name : throw new ArgumentException("A key's group or name is 1 to 100 of a-z, 0-9, '.', '-', '_'.", nameof(name));
}
