using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Sources.Fhir.Export;
using Ambroise.Sources.Fhir.Reading;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary>What <c>load fhir</c> asks of a server: options that a folder has no use for.</summary>
sealed class ExportOptions
{
    readonly Option<string?> level, group, since, clientId, keyId, tokenAddress, scope, limit;
    readonly Option<string[]> types;
    readonly Option<FileInfo?> clientKey;
    readonly Option<bool> plain, anew;

    public ExportOptions(CommandFrame frame)
    {
        level = new("--level") { HelpName = "system|patient", Description = frame.Say("Server: everything, or patients and what belongs to them (else system)", "Serveur : tout, ou les patients et ce qui s'y rattache (sinon system)") };
        level.AcceptOnlyFromAmong("system", "patient");
        group = new("--group") { HelpName = "ID", Description = frame.Say("Server: the patients of a Group", "Serveur : les patients d'un Group") };
        types = new("--type") { HelpName = "TYPE", AllowMultipleArgumentsPerToken = true, Description = frame.Say("Server: resource types (else all it gives)", "Serveur : types de ressources (sinon tous)") };
        since = new("--since") { HelpName = "TIME|auto", Description = frame.Say("Server: what changed since then, merged; auto: since the last such load", "Serveur : ce qui a changé depuis, fusionné ; auto : depuis le dernier chargement semblable") };
        clientId = new("--client-id") { HelpName = "ID", Description = frame.Say("Server: who asks (SMART Backend Services)", "Serveur : qui demande (SMART Backend Services)") };
        clientKey = new("--client-key") { HelpName = "FILE", Description = frame.Say("Server: the client's private key, PEM or JWK, RSA or P-384", "Serveur : la clé privée du client, PEM ou JWK, RSA ou P-384") };
        keyId = new("--key-id") { HelpName = "KID", Description = frame.Say("Server: the key's name there (else the JWK's, else its thumbprint)", "Serveur : le nom de la clé (sinon celui du JWK, sinon son empreinte)") };
        tokenAddress = new("--token-url") { HelpName = "URL", Description = frame.Say("Server: where tokens are given (else as it says itself)", "Serveur : où s'obtiennent les jetons (sinon comme il le dit)") };
        scope = new("--scope") { HelpName = "SCOPE", Description = frame.Say("Server: the scope to ask for (else all reading)", "Serveur : la portée demandée (sinon toute lecture)") };
        plain = new("--insecure-http") { Description = frame.Say("Server: allows plain http to another machine, on a line protected otherwise", "Serveur : admet http sans TLS vers une autre machine, sur une ligne protégée autrement") };
        limit = new("--time-limit") { HelpName = "TIME", Description = frame.Say("Server: the longest the export may take, as 30m or 12h (else 24h)", "Serveur : durée maximale de l'export, comme 30m ou 12h (sinon 24h)") };
        anew = new("--anew") { Description = frame.Say("Server: forgets an export that was cut off, and asks again", "Serveur : oublie un export interrompu et redemande tout") };
    }

    Option[] All => [level, group, types, since, clientId, clientKey, keyId, tokenAddress, scope, plain, limit, anew];

    public void On(Command command)
    {
        foreach (var option in All) command.Add(option);
    }

    /// <summary>What to ask for.</summary>
    /// <param name="SinceLast">Changes since the last export of the same name.</param>
    public sealed record Asked(ExportRequest Request, bool SinceLast, bool Anew, BackendClient? Client) : IDisposable
    {
        /// <summary>Whether only changes come, which are merged.</summary>
        public bool IsIncrement => SinceLast || Request.Since is not null;

        public void Dispose() => Client?.Key.Dispose();
    }

    /// <returns>Null where the source is a folder; the request, to be disposed of; or <c>load.option-server</c>, <c>export.…</c>.</returns>
    public Result<Asked?> Of(ParseResult parse, string source)
    {
        if (!ExportRequest.IsAddress(source))
            return Array.Find(All, o => parse.GetResult(o) is { Implicit: false }) is { } unused ? new Failure(FailureKind.Invalid, "load.option-server", $"{unused.Name} is for the address of a FHIR server: {source} is none.") : (Asked?)null;
        var changes = parse.GetValue(since);
        if (Time(parse.GetValue(limit) ?? "24h") is not { } most) return new Failure(FailureKind.Invalid, "export.limit-invalid", "--time-limit takes a number with s, m, h or d, as 90m or 12h.");
        if (parse.GetValue(group) is not null && parse.GetValue(level) is not null) return new Failure(FailureKind.Invalid, "export.group-invalid", "--group and --level exclude each other: a Group is a level of its own.");
        if (ExportRequest.Parse(source, parse.GetValue(level) == "patient", parse.GetValue(group), parse.GetValue(types) ?? [], changes == "auto" ? null : changes, most, parse.GetValue(plain)).Failed(out var failure, out var request)) return failure;
        if (Client(parse).Failed(out failure, out var client)) return failure;
        return new Asked(request, changes == "auto", parse.GetValue(anew), client.Client);
    }

    sealed record Known(BackendClient? Client);

    Result<Known> Client(ParseResult parse)
    {
        var (id, file) = (parse.GetValue(clientId), parse.GetValue(clientKey));
        if (id is null && file is null && parse.GetValue(tokenAddress) is null) return new Known(null);
        if (id is null || file is null) return new Failure(FailureKind.Invalid, "export.client-incomplete", "A server that asks who we are needs both --client-id and --client-key.");
        Uri? address = null;
        if (parse.GetValue(tokenAddress) is { } named && !Uri.TryCreate(named, UriKind.Absolute, out address)) return new Failure(FailureKind.Invalid, "export.address-invalid", "--token-url takes an address, as https://server/token.");
        return ClientKey.Read(file.FullName, parse.GetValue(keyId)).Failed(out var failure, out var key) ? failure : new Known(new(id, key, address, parse.GetValue(scope)));
    }

    /// <returns>A length of time, a second to 30 days; null for anything else.</returns>
    static TimeSpan? Time(string text)
    {
        var unit = text.Length > 1 ? text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 } : 0;
        return unit > 0 && int.TryParse(text[..^1], out var number) && number > 0 && (long)number * unit <= 30 * 86400 ? TimeSpan.FromSeconds((long)number * unit) : null;
    }

    /// <summary>Fetches what the server gives into sealed files of the tenant, telling on standard error how far it is.</summary>
    public static async Task<Result<FhirFolder>> FetchAsync(Session session, BulkExport export, CancellationToken cancel) =>
        await session.Terminal.ProgressAsync(session.Say("Fetching", "Récupération"), report =>
        {
            export.Progressed = done =>
            {
                if (done.Files > 0) report((double)done.Fetched / done.Files);
                else session.Terminal.Aside.WriteLine(session.Say($"The server prepares its export{(done.Says.Length > 0 ? $": {done.Says}" : "")}", $"Le serveur prépare son export{(done.Says.Length > 0 ? $" : {done.Says}" : "")}"));
            };
            export.Waits = wait => session.Terminal.Aside.WriteLine(Told(session, wait));
            return export.FetchAsync(cancel);
        });

    static string Told(Session session, ExportWait wait)
    {
        var place = Said(session, wait.Place);
        return wait switch
        {
            { Again: not { } } => session.Say($"{wait.Host} has not answered yet ({place}).", $"{wait.Host} n'a pas encore répondu ({place})."),
            { Status: { } status, Again: { } again } => session.Say($"{wait.Host} answered {status} ({place}): asked again in {again.TotalSeconds:N0} s.", $"{wait.Host} a répondu {status} ({place}) : nouvel essai dans {again.TotalSeconds:N0} s."),
            { Again: { } again } => session.Say($"{wait.Host} did not answer or broke off ({place}): asked again in {again.TotalSeconds:N0} s.", $"{wait.Host} n'a pas répondu ou a coupé ({place}) : nouvel essai dans {again.TotalSeconds:N0} s."),
        };
    }

    static string Said(Session session, ExportPlace place) => place.Step switch
    {
        ExportStep.Configuration => session.Say($"{place}", "lecture de .well-known/smart-configuration"),
        ExportStep.Token => session.Say($"{place}", "demande d'un jeton"),
        ExportStep.Start => session.Say($"{place}", "lancement de l'export"),
        ExportStep.Wait => session.Say($"{place}", "attente de l'export"),
        ExportStep.End => session.Say($"{place}", "fin de l'export"),
        _ => session.Say($"{place}", $"fichier {place.Number} sur {place.Files}, {place.Type}"),
    };
}
