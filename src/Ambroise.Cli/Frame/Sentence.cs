using System.Runtime.CompilerServices;
using System.Text;
using Ambroise.Cohorts.Explain;

namespace Ambroise.Cli.Frame;

/// <summary>A text for a person with its numbers as the language writes them: <c>{n:N0}</c> by thousands, <c>{n:patient|patients}</c> with the noun, or whatever follows it, in the right number.</summary>
[InterpolatedStringHandler]
sealed class Sentence
{
    readonly StringBuilder text;
    readonly Wording wording;

    public Sentence(int literalLength, int holes, Language language) => (text, wording) = (new(literalLength + 8 * holes), language.Wording);

    public Sentence(int literalLength, int holes, Session session) : this(literalLength, holes, session.Language) { }

    public void AppendLiteral(string literal) => text.Append(literal);

    public void AppendFormatted<T>(T value, string? format = null) => text.Append(value switch
    {
        _ when format?.Split('|') is [var one, var many] => wording.Count(Convert.ToInt64(value, wording.Culture), one, many),
        IFormattable written => written.ToString(format, wording.Culture),
        _ => value?.ToString(),
    });

    public override string ToString() => text.ToString();
}
