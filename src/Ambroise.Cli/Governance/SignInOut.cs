using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.SignIn;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise sign-in</c> and <c>sign-out</c>: a session of a person, with a password and a code.</summary>
static class SignInOut
{
    sealed record Shown(string Tenant, string Person, DateTimeOffset Until);

    internal static Option<string?> Code(CommandFrame frame) =>
        new("--code") { HelpName = "CODE", Description = frame.Say("Six digits of the device (else AMBROISE_CODE, else a question)", "Six chiffres de l'appareil (sinon AMBROISE_CODE, sinon une question)") };

    internal static Result<string> CodeOf(Session session, string? option) => session.Typed(option, "AMBROISE_CODE", session.Say("Code:", "Code :"));

    public static Command In(CommandFrame frame)
    {
        var (tenant, code) = (TenantArgument.MakeOption(frame), Code(frame));
        return frame.Runs(new Command("sign-in", frame.Say("Begins a session: password, then a code of the device or a recovery code", "Commence une session : mot de passe, puis un code de l'appareil ou de secours")) { tenant, code },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.PersonSignIn).OrThrow();
                if (session.Password.Read(session.Say("Password:", "Mot de passe :")).Failed(out var failure, out var password)) return failure;
                using (password)
                    if (CodeOf(session, parse.GetValue(code)).Failed(out failure, out var typed)) return failure;
                    else if (open.SignIns.Enter(session.Caller.Actor, password, typed).Failed(out failure, out var token)) return EnrolPersons.Refused(open, failure);
                    else
                    {
                        open.Record(Outcome.Done, null, null, ("step", "signed-in"));
                        new SessionFile(session.Home, open.Id, session.Caller.Actor).Keep(token);
                        var until = session.Clock.GetUtcNow() + SignIns.Longest;
                        return Answer.Sentence(new Shown(open.Id.Value, session.Caller.Actor, until), session.Say(
                            $"{session.Caller.Actor} is signed in until {until:HH:mm} UTC, or {SignIns.Idle.TotalMinutes} minutes after the last command.",
                            $"{session.Caller.Actor} est connecté jusqu'à {until:HH:mm} UTC, ou {SignIns.Idle.TotalMinutes} minutes après la dernière commande."));
                    }
            },
            new Example("ambroise sign-in --tenant chu --as marie", frame.Say("asks for password and code", "demande mot de passe et code")));
    }

    public static Command Out(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("sign-out", frame.Say("Ends the session; needs no passphrase", "Termine la session ; sans phrase de passe")) { tenant },
            (session, parse) =>
            {
                if (session.FindTenant(parse.GetRequiredValue(tenant)).Failed(out var failure, out var found)) return failure;
                var file = new SessionFile(session.Home, found.Id, session.Caller.Actor);
                var ended = file.Token is { } token && session.ControlPlane.Leave(found.Id, token);
                file.Forget();
                if (ended) session.ControlPlane.Audit(found.Id).Write(new(session.Caller.Actor, session.Caller.Account, "person.sign-out", Outcome.Done), null);
                return Answer.Sentence(new { tenant = found.Id.Value, person = session.Caller.Actor, ended }, ended ? session.Say("Signed out.", "Déconnecté.") : session.Say("There was no session.", "Il n'y avait pas de session."));
            },
            new Example("ambroise sign-out --tenant chu --as marie", frame.Say("the token is worth nothing from now on", "le jeton ne vaut plus rien")));
    }
}
