using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Lake.Releases;
using Spectre.Console;

namespace Ambroise.Cli.Lake;

/// <summary><c>ambroise erase</c>: patients leave every release.</summary>
static class ErasePatients
{
    public static Command Command(CommandFrame frame)
    {
        var persons = new Argument<long[]>("PERSON") { Arity = ArgumentArity.OneOrMore, Description = frame.Say("person_id of each patient", "person_id de chaque patient") };
        var tenant = TenantArgument.MakeOption(frame);
        return frame.Runs(new Command("erase", frame.Say("Removes patients from every release and rewrites what held them", "Efface des patients de toutes les versions et réécrit ce qui les contenait")) { persons, tenant },
            (session, parse, cancel) => Task.FromResult(Run(session, parse.GetRequiredValue(persons), parse.GetRequiredValue(tenant), cancel)),
            new Example("ambroise erase 1042 --tenant chu", frame.Say("one patient", "un patient")));
    }

    static Result<Answer> Run(Session session, long[] persons, string id, CancellationToken cancel)
    {
        using var tenant = session.OpenTenant(id, Capability.PatientErase).OrThrow();
        var result = session.Terminal.Progress(session.Say("Erasing", "Effacement"), report =>
            Erasure.Run(tenant.Lake(session.Clock), persons, new LoadOmop.Now<(int Done, int Of)>(p => report((double)p.Done / p.Of)), cancel));
        if (result.Failed(out var failure, out var done)) return failure;
        if (done.Found.Count == 0) return new Failure(FailureKind.NotFound, "erase.unknown", "No release holds any of these persons: nothing was changed.");
        tenant.Record(Outcome.Done, null, done.Found.Count);
        return new Answer(done, console =>
        {
            console.WriteLine(session.Say($"{done.Found.Count:patient|patients} erased: {done.Rows:row|rows} gone, {done.Removed.Count:file|files} removed, {done.Written.Count} written anew.",
                $"{done.Found.Count:patient effacé|patients effacés} : {done.Rows:ligne disparue|lignes disparues}, {done.Removed.Count:fichier supprimé|fichiers supprimés}, {done.Written.Count:réécrit|réécrits}."));
            foreach (var path in done.Removed) console.WriteLine($"  - {path}");
            foreach (var path in done.Written) console.WriteLine($"  + {path}");
            if (done.Unknown.Count > 0) console.WriteLine(session.Say($"{done.Unknown.Count:person was|persons were} in no release.", $"{done.Unknown.Count:personne n'était|personnes n'étaient} dans aucune version."));
            console.WriteLine(session.Say("A source that still sends them brings them back: have it stop before the next load, or record their opposition.", "Une source qui les envoie encore les ramène : faites-la cesser avant le prochain chargement, ou enregistrez leur opposition."));
        });
    }
}
