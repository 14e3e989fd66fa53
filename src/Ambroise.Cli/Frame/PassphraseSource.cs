using System.Security.Cryptography;
using System.Text;
using Ambroise.Vault;
using Spectre.Console;

namespace Ambroise.Cli.Frame;

/// <summary>Where a secret comes from: a file, else an environment variable, else a question on the terminal.</summary>
/// <param name="file">The file named on the command line, its last line end left out; null for none.</param>
/// <param name="variable">The environment variable's name.</param>
sealed class PassphraseSource(FileInfo? file, string variable, Terminal terminal)
{
    const int ShortestNew = 8;

    /// <summary>True where a file or the variable gives it.</summary>
    public bool IsGiven => file is not null || Environment.GetEnvironmentVariable(variable) is { Length: > 0 };

    /// <returns>The secret, or <c>cli.passphrase-missing</c>, <c>cli.passphrase-file</c>.</returns>
    public Result<Passphrase> Read(string question)
    {
        if (Given().Failed(out var failure, out var typed)) return failure;
        if (typed.Length == 0 && !Ask(question, out typed)) return Missing();
        return Take(typed);
    }

    /// <summary>Asks for a new secret, twice where a person types it.</summary>
    /// <returns>The secret, or <c>cli.passphrase-missing</c>, <c>cli.passphrase-file</c>, <c>cli.passphrase-short</c>, <c>cli.passphrase-mismatch</c>.</returns>
    public Result<Passphrase> ReadNew(string question, string again)
    {
        if (Given().Failed(out var failure, out var typed)) return failure;
        if (typed.Length == 0)
        {
            if (!Ask(question, out typed) || !Ask(again, out var second)) return Missing();
            var same = typed.AsSpan().SequenceEqual(second);
            Array.Clear(second);
            if (!same) return new Failure(FailureKind.Invalid, "cli.passphrase-mismatch", "The two are not the same.");
        }
        return typed.Length < ShortestNew
            ? new Failure(FailureKind.Invalid, "cli.passphrase-short", $"A passphrase has at least {ShortestNew} characters.")
            : Take(typed);
    }

    /// <returns>Empty where neither file nor variable gives it.</returns>
    Result<char[]> Given()
    {
        if (file is null) return (Environment.GetEnvironmentVariable(variable) ?? "").ToCharArray();
        if (!file.Exists) return new Failure(FailureKind.Invalid, "cli.passphrase-file", $"There is no passphrase file '{file.FullName}'.");
        var bytes = File.ReadAllBytes(file.FullName);
        var text = Encoding.UTF8.GetChars(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        var length = text.AsSpan().TrimEnd("\r\n").Length;
        if (length == 0) return new Failure(FailureKind.Invalid, "cli.passphrase-file", $"The passphrase file '{file.FullName}' is empty.");
        return text[..length];
    }

    bool Ask(string question, out char[] typed)
    {
        typed = [];
        if (Console.IsInputRedirected || Console.IsErrorRedirected) return false;
        terminal.Aside.Markup(Markup.Escape(question) + " ");
        var line = new List<char>(64); // never a string: it could not be cleared
        Console.TreatControlCAsInput = true; // else Ctrl-C would only ask a command to stop that waits for a key
        while (Console.ReadKey(intercept: true) is var key && key.Key != ConsoleKey.Enter)
        {
            if (key.Key == ConsoleKey.C && key.Modifiers.HasFlag(ConsoleModifiers.Control)) throw new OperationCanceledException();
            if (key.Key == ConsoleKey.Backspace && line.Count > 0) line.RemoveAt(line.Count - 1);
            else if (!char.IsControl(key.KeyChar)) line.Add(key.KeyChar);
        }
        Console.TreatControlCAsInput = false;
        terminal.Aside.WriteLine();
        typed = [.. line];
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(line).Clear();
        return typed.Length > 0;
    }

    Failure Missing() => new(FailureKind.Invalid, "cli.passphrase-missing", $"Give the passphrase: --passphrase-file, {variable}, or a terminal to type it in.");

    static Passphrase Take(char[] typed)
    {
        var passphrase = new Passphrase(typed);
        Array.Clear(typed);
        return passphrase;
    }
}
