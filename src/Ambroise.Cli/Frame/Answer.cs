using Spectre.Console;

namespace Ambroise.Cli.Frame;

/// <summary>What a command found out: one value, said two ways.</summary>
/// <param name="Json">Serialised with camelCase names under <c>--json</c>: a record, or a list of records. Enums become lower-case text.</param>
/// <param name="Show">Writes the same for a person.</param>
/// <param name="Exit">The exit code: not <see cref="ExitCode.Done"/> where part of what was asked was not done.</param>
sealed record Answer(object Json, Action<IAnsiConsole> Show, int Exit = ExitCode.Done)
{
    /// <summary>An answer that is one sentence for a person.</summary>
    public static Answer Sentence(object json, string sentence) => new(json, console => console.WriteLine(sentence));
}
