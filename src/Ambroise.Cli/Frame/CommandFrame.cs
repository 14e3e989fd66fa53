using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;
using System.Runtime.InteropServices;
using Ambroise.Governance;
using Ambroise.Vault.Files;

namespace Ambroise.Cli.Frame;

/// <summary>An example that <c>--help</c> shows.</summary>
sealed record Example(string Line, string Says);

/// <summary>What every command shares: the global options, help with examples, and the one place where answers, failures and bugs leave the program.</summary>
sealed class CommandFrame
{
    readonly Option<string?> home;
    readonly Option<bool> json;
    readonly Option<FileInfo?> passphraseFile;
    readonly Option<string?> actor;
    readonly Dictionary<Command, Example[]> examples = [];
    readonly RootCommand root;

    public CommandFrame(IReadOnlyList<string> args)
    {
        Language = Language.Of(args);
        home = new("--home") { Recursive = true, HelpName = "DIR", Description = Say("The warehouse's folder (else AMBROISE_HOME, else ~/.ambroise)", "Le dossier de l'entrepôt (sinon AMBROISE_HOME, sinon ~/.ambroise)") };
        json = new("--json") { Recursive = true, Description = Say("One JSON document on standard output, all else on standard error", "Un document JSON sur la sortie standard, le reste sur la sortie d'erreur") };
        passphraseFile = new("--passphrase-file") { Recursive = true, HelpName = "FILE", Description = Say("Holds the tenant's passphrase (else AMBROISE_PASSPHRASE, else a prompt)", "Contient la phrase de passe (sinon AMBROISE_PASSPHRASE, sinon une question)") };
        actor = new("--as") { Recursive = true, HelpName = "NAME", Description = Say("Who acts (else AMBROISE_ACTOR, else the account of the machine)", "Qui agit (sinon AMBROISE_ACTOR, sinon le compte de la machine)") };
        var lang = new Option<string>("--lang") { Recursive = true, HelpName = "en|fr", Description = Say("Language (else LANG)", "Langue (sinon LANG)") };
        lang.AcceptOnlyFromAmong("en", "fr");
        root = new RootCommand(Say("Ambroise, a health data warehouse sealed at rest.", "Ambroise, un entrepôt de données de santé scellé au repos.")) { home, json, passphraseFile, actor, lang };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Description = Say("Shows this help", "Montre cette aide");
        root.Options.OfType<VersionOption>().Single().Description = Say("Shows the version", "Montre la version");
        help.Action = new HelpWithExamples((HelpAction)help.Action!, this);
        root.SetAction(parse => help.Action is SynchronousCommandLineAction action ? action.Invoke(parse) : ExitCode.Bug);
    }

    public Language Language { get; }

    public string Say(string english, string french) => Language.Say(english, french);

    public void Add(Command command) => root.Add(command);

    /// <summary>A command that only gathers others.</summary>
    public static Command Group(string name, string description, params Command[] commands)
    {
        var group = new Command(name, description);
        foreach (var command in commands) group.Add(command);
        return group;
    }

    /// <summary>Makes <paramref name="run"/> what the command does. Expected failures are returned, or thrown as <see cref="FailureException"/>.</summary>
    /// <param name="shown">At least one: each line must work as written in a home that has what the line names.</param>
    public Command Runs(Command command, Func<Session, ParseResult, CancellationToken, Task<Result<Answer>>> run, params Example[] shown)
    {
        examples[command] = shown;
        command.SetAction((parse, cancel) => LeaveAsync(parse, run, cancel));
        return command;
    }

    /// <summary>As above, for a command that has nothing to await.</summary>
    public Command Runs(Command command, Func<Session, ParseResult, Result<Answer>> run, params Example[] shown) =>
        Runs(command, (session, parse, _) => Task.FromResult(run(session, parse)), shown);

    public async Task<int> RunAsync(string[] args)
    {
        OwnerOnly.Apply();
        var parse = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parse.Errors.Count > 0 && parse.Action is ParseErrorAction)
        {
            var detail = string.Join(" ", parse.Errors.Select(e => UsageWords.Of(e.Message, Language)).Distinct());
            var terminal = new Terminal(args.TakeWhile(a => a != "--").Contains("--json"));
            return Report(terminal, new Failure(FailureKind.Invalid, "cli.usage", $"{detail} {Say("See --help.", "Voir --help.")}"));
        }

        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = !stop.IsCancellationRequested; // we end by ourselves, with our files in order; asked twice, at once: files survive that too
            stop.Cancel();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return await parse.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
    }

    async Task<int> LeaveAsync(ParseResult parse, Func<Session, ParseResult, CancellationToken, Task<Result<Answer>>> run, CancellationToken cancel)
    {
        var terminal = new Terminal(parse.GetValue(json));
        try
        {
            using var session = new Session(new Home(HomeFolder(parse)), terminal, Language, parse.GetValue(passphraseFile), Caller.Of(parse.GetValue(actor)), TimeProvider.System);
            if ((await run(session, parse, cancel)).Failed(out var failure, out var answer)) return Report(terminal, failure);
            terminal.Give(answer);
            return answer.Exit;
        }
        catch (FailureException expected)
        {
            return Report(terminal, expected.Failure);
        }
        catch (OperationCanceledException)
        {
            terminal.Give(new Failure(FailureKind.Unavailable, "cli.interrupted", ""), Say("Stopped before the end.", "Arrêté avant la fin."));
            return ExitCode.Interrupted;
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            return Report(terminal, new Failure(FailureKind.Unavailable, "io.failed", broken.Message)); // names a path, never a row
        }
        catch (System.Data.Common.DbException broken)
        {
            return Report(terminal, new Failure(FailureKind.Unavailable, "home.unreadable", Say($"The database answered error {broken.ErrorCode}.", $"La base a répondu l'erreur {broken.ErrorCode}.")));
        }
        catch (Exception bug)
        {
            // Its message may quote a row, so only its type and its place are shown.
            var place = string.Join(Environment.NewLine, bug.GetType().FullName, bug.StackTrace);
            terminal.Give(new Failure(FailureKind.Unavailable, "bug", ""), Say("This is a bug in Ambroise, please report it: ", "C'est un défaut d'Ambroise, merci de le signaler : ") + place);
            return ExitCode.Bug;
        }
    }

    int Report(Terminal terminal, Failure failure)
    {
        terminal.Give(failure, French.Of(failure, Language));
        return ExitCode.Of(failure.Kind);
    }

    string HomeFolder(ParseResult parse) =>
        parse.GetValue(home) is { Length: > 0 } named ? named
        : Environment.GetEnvironmentVariable("AMBROISE_HOME") is { Length: > 0 } set ? set
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".ambroise");

    sealed class HelpWithExamples(HelpAction usual, CommandFrame frame) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parse)
        {
            ShowUsual(parse);
            if (!frame.examples.TryGetValue(parse.CommandResult.Command, out var shown) || shown.Length == 0) return ExitCode.Done;
            var output = parse.InvocationConfiguration.Output;
            output.WriteLine(frame.Say("Examples:", "Exemples :"));
            foreach (var (line, says) in shown)
            {
                output.WriteLine($"  {line}");
                output.WriteLine($"      {says}");
            }
            return ExitCode.Done;
        }

        /// <summary>The library's own part knows no language but English in a program without cultures: its words are exchanged once it is written.</summary>
        void ShowUsual(ParseResult parse)
        {
            var (invocation, output) = (parse.InvocationConfiguration, parse.InvocationConfiguration.Output);
            using var text = new StringWriter(CultureInfo.InvariantCulture);
            try
            {
                invocation.Output = text;
                usual.Invoke(parse);
            }
            finally
            {
                invocation.Output = output;
            }
            output.Write(UsageWords.OfHelp(text.ToString(), frame.Language));
        }
    }
}
