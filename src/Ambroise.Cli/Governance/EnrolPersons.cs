using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise person</c>: with what people prove who they are. An administrator invites, the person chooses; neither learns what the other keeps.</summary>
static class EnrolPersons
{
    sealed record Invited(string Person, string Invitation);

    sealed record Joined(string Person, string OtpAuth);

    sealed record Confirmed(string Person, ImmutableArray<string> RecoveryCodes);

    public static Command Enrol(CommandFrame frame)
    {
        var (person, tenant) = (ChangeRoles.Person(frame), TenantArgument.MakeOption(frame));
        return frame.Runs(new Command("enrol", frame.Say("Invites someone to choose a password and a device; what they had counts no longer", "Invite quelqu'un à choisir un mot de passe et un appareil ; ce qu'il avait ne vaut plus")) { person, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.PeopleEnrol).OrThrow();
                var name = parse.GetRequiredValue(person);
                if (open.SignIns.Invite(name, session.Caller.Actor).Failed(out var failure, out var code)) return failure;
                open.Record(Outcome.Done, null, null, ("invited", name));
                return Answer.Sentence(new Invited(name, code), session.Say(
                    $"Give {name}, and nobody else, this code, good for three days: {code}\nThey run: ambroise person join --tenant {open.Id} --as {name}",
                    $"Donnez à {name}, et à nul autre, ce code, valable trois jours : {code}\nCette personne lance : ambroise person join --tenant {open.Id} --as {name}"));
            },
            new Example("ambroise person enrol marie --tenant chu", frame.Say("by an administrator; again where marie lost her device", "par un administrateur ; de nouveau si marie a perdu son appareil")));
    }

    public static Command Join(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var invitation = new Option<string?>("--invitation") { HelpName = "CODE", Description = frame.Say("The administrator's code (else AMBROISE_INVITATION, else a question)", "Le code de l'administrateur (sinon AMBROISE_INVITATION, sinon une question)") };
        return frame.Runs(new Command("join", frame.Say("Chooses a password and gets what an authenticator takes", "Choisit un mot de passe et donne ce que prend l'authentificateur")) { tenant, invitation },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.PersonSignIn).OrThrow();
                if (session.Typed(parse.GetValue(invitation), "AMBROISE_INVITATION", session.Say("The administrator's code:", "Le code de l'administrateur :")).Failed(out var failure, out var code)) return failure;
                if (session.Password.ReadNew(session.Say("New password:", "Nouveau mot de passe :"), session.Say("Again:", "Encore :")).Failed(out failure, out var password)) return failure;
                using (password)
                    if (open.SignIns.Join(session.Caller.Actor, code, password).Failed(out failure, out var uri)) return Refused(open, failure);
                    else
                    {
                        open.Record(Outcome.Done, null, null, ("step", "joined"));
                        return new Answer(new Joined(session.Caller.Actor, uri), console => Show(session, console, open.Id.Value, uri));
                    }
            },
            new Example("ambroise person join --tenant chu --as marie", frame.Say("asks for the code and, twice, for a password", "demande le code et, deux fois, un mot de passe")));
    }

    static void Show(Session session, IAnsiConsole console, string tenant, string uri)
    {
        // As it is: a line of it must not be wrapped.
        console.Profile.Out.Writer.WriteLine(uri);
        console.WriteLine(session.Say($"Give this to an authenticator (as a QR code of this address, or its secret typed in), then: ambroise person confirm --tenant {tenant} --as {session.Caller.Actor}. It is not shown again.",
            $"Donnez ceci à un authentificateur (en code QR de cette adresse, ou son secret saisi), puis : ambroise person confirm --tenant {tenant} --as {session.Caller.Actor}. Il n'est plus montré ensuite."));
    }

    public static Command Confirm(CommandFrame frame)
    {
        var (tenant, code) = (TenantArgument.MakeOption(frame), SignInOut.Code(frame));
        return frame.Runs(new Command("confirm", frame.Say("Shows a first code of the device, and gets recovery codes", "Montre un premier code de l'appareil, et donne des codes de secours")) { tenant, code },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.PersonSignIn).OrThrow();
                if (SignInOut.CodeOf(session, parse.GetValue(code)).Failed(out var failure, out var typed)) return failure;
                if (open.SignIns.Confirm(session.Caller.Actor, typed).Failed(out failure, out var recovery)) return Refused(open, failure);
                open.Record(Outcome.Done, null, null, ("step", "confirmed"));
                return Answer.Sentence(new Confirmed(session.Caller.Actor, recovery), session.Say(
                    $"{session.Caller.Actor} is enrolled. Keep these on paper: each takes the place of a code once.\n{string.Join('\n', recovery)}",
                    $"{session.Caller.Actor} est enrôlé. Gardez ceci sur papier : chacun remplace un code, une fois.\n{string.Join('\n', recovery)}"));
            },
            new Example("ambroise person confirm --tenant chu --as marie", frame.Say("asks for the six digits", "demande les six chiffres")));
    }

    public static Command Withdraw(CommandFrame frame)
    {
        var (person, tenant) = (ChangeRoles.Person(frame), TenantArgument.MakeOption(frame));
        return frame.Runs(new Command("withdraw", frame.Say("Ends someone's enrolment and sessions at once", "Met fin sur-le-champ à l'enrôlement et aux sessions de quelqu'un")) { person, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.PeopleEnrol).OrThrow();
                var name = parse.GetRequiredValue(person);
                if (!open.SignIns.Withdraw(name)) return new Failure(FailureKind.NotFound, "sign-in.not-enrolled", $"'{name}' is not enrolled in tenant '{open.Id}'.");
                open.Record(Outcome.Done, null, null, ("withdrawn", name));
                return Answer.Sentence(new { person = name }, session.Say($"{name} can sign in no more.", $"{name} ne peut plus se connecter."));
            },
            new Example("ambroise person withdraw marie --tenant chu", frame.Say("in force at the next command", "en vigueur dès la commande suivante")));
    }

    public static Command List(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("list", frame.Say("Lists who is enrolled", "Liste qui est enrôlé")) { tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.PeopleEnrol).OrThrow();
                var people = open.SignIns.List();
                return new Answer(people, console =>
                {
                    var table = new Table().Border(TableBorder.Simple).AddColumns(session.Say("Person", "Personne"), session.Say("State", "État"), session.Say("Invited by", "Invité par"), session.Say("On", "Le"), session.Say("Recovery codes", "Codes de secours"));
                    foreach (var p in people) table.AddRow(new Text(p.Person), new Text(session.Say(p.State, p.State switch { "invited" => "invitée", "joined" => "à confirmer", _ => "enrôlée" })), new Text(p.InvitedBy), new Text(p.Invited.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)), new Text(p.RecoveryCodesLeft.ToString(CultureInfo.InvariantCulture)));
                    console.Write(table);
                });
            },
            new Example("ambroise person list --tenant chu", frame.Say("nothing secret", "rien de secret")));
    }

    /// <summary>A refusal is in the audit before anyone hears of it.</summary>
    internal static Failure Refused(OpenTenant open, Failure failure)
    {
        open.Record(Outcome.Denied, null, null, ("because", failure.Code));
        return failure;
    }
}
