using Spectre.Console;

namespace Ambroise.Cli.Frame;

/// <summary>Where a command speaks: the answer goes to standard output, everything else to standard error. Under <c>--json</c> standard output
/// holds exactly one JSON document, an error's included.</summary>
sealed class Terminal(bool json)
{
    readonly IAnsiConsole output = Make(Console.Out, Console.IsOutputRedirected);

    /// <summary>For whatever is not the answer: progress, notes, questions.</summary>
    public IAnsiConsole Aside { get; } = Make(Console.Error, Console.IsErrorRedirected);

    public bool Json => json;

    public void Give(Answer answer)
    {
        if (json) WriteJson(answer.Json);
        else answer.Show(output);
    }

    /// <summary>One line of an answer too long to be held, for programs that read lines: never wrapped, and without what could end it or steer the terminal.</summary>
    public static void Line(string text) => Console.Out.WriteLine(string.Create(text.Length, text, static (to, from) =>
    {
        for (var i = 0; i < to.Length; i++) to[i] = char.IsControl(from[i]) && from[i] != '\t' ? '?' : from[i];
    }));

    public void Give(Failure failure, string detail)
    {
        if (json) WriteJson(new { Error = new { failure.Code, Detail = detail } });
        Aside.MarkupLineInterpolated($"[red]{failure.Code}[/] {detail}");
    }

    /// <summary>Runs work under a progress bar on standard error; without bar where that is no terminal. The work reports between 0 and 1.</summary>
    public T Progress<T>(string title, Func<Action<double>, T> work) => Console.IsErrorRedirected ? work(static _ => { }) : Bar().Start(progress => work(Filling(progress, title)));

    /// <summary>As <see cref="Progress"/>, for work that is awaited: the bar stays until it ends.</summary>
    public Task<T> ProgressAsync<T>(string title, Func<Action<double>, Task<T>> work) =>
        Console.IsErrorRedirected ? work(static _ => { }) : Bar().StartAsync(progress => work(Filling(progress, title)));

    Progress Bar() => Aside.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn());

    static Action<double> Filling(ProgressContext progress, string title)
    {
        var bar = progress.AddTask(Markup.Escape(title), maxValue: 1);
        return done => bar.Value = done;
    }

    static void WriteJson(object value) => Console.Out.WriteLine(AnswerJson.Of(value));

    static IAnsiConsole Make(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Interactive = InteractionSupport.No,
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        if (redirected) console.Profile.Width = 200; // a file has no edge to wrap at
        return console;
    }
}
