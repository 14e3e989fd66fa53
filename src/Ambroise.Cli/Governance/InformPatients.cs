using System.CommandLine;
using System.Globalization;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Access;
using Ambroise.Governance.Audit;
using Ambroise.Governance.Oppositions;
using Spectre.Console;

namespace Ambroise.Cli.Governance;

/// <summary><c>ambroise notice</c>: which patients were told that their data is in the warehouse, and which were not.</summary>
static class InformPatients
{
    public static Command Give(CommandFrame frame)
    {
        var persons = new Argument<long[]>("PERSON") { Arity = ArgumentArity.ZeroOrMore, Description = frame.Say("person_id of each patient", "person_id de chaque patient") };
        var (tenant, version) = (TenantArgument.MakeOption(frame), Version(frame, true));
        var file = new Option<FileInfo?>("--file") { HelpName = "FILE", Description = frame.Say("One person_id a line, instead of naming them", "Un person_id par ligne, au lieu de les nommer") };
        var how = new Option<Channel>("--channel") { Required = true, Description = frame.Say("How they were informed", "Comment ils ont été informés") };
        var on = new Option<DateOnly?>("--on") { HelpName = "DATE", Description = frame.Say("The day (else today)", "Le jour (sinon aujourd'hui)") };
        return frame.Runs(new Command("give", frame.Say("Records that patients were informed: when, how, with which version of the notice", "Consigne que des patients ont été informés : quand, comment, avec quelle version de la notice")) { persons, version, how, on, file, tenant },
            (session, parse) =>
            {
                if (Read(parse.GetValue(persons) ?? [], parse.GetValue(file)).Failed(out var failure, out var all)) return failure;
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.NoticeWrite).OrThrow();
                var day = parse.GetValue(on) ?? DateOnly.FromDateTime(session.Clock.GetUtcNow().UtcDateTime);
                if (open.Ledger.Notices(open.Id, open.Keys).Give(all, parse.GetRequiredValue(version)!, parse.GetValue(how), day, session.Caller.Actor).Failed(out failure, out var entry)) return failure;
                open.Record(Outcome.Done, null, entry.Persons.Length, ("entry", $"{entry.Number}"), ("version", entry.Version));
                return Answer.Sentence(new { entry.Number, entry.Version, entry.Channel, entry.On, Patients = entry.Persons.Length }, session.Say($"{entry.Persons.Length:patient was|patients were} informed with notice {entry.Version}.", $"{entry.Persons.Length:patient a été informé|patients ont été informés} par la notice {entry.Version}."));
            },
            new Example("ambroise notice give 1042 1043 --version 2026-1 --channel post --tenant chu", frame.Say("by letter", "par courrier")),
            new Example("ambroise notice give --file informed.txt --version 2026-1 --channel portal --tenant chu", frame.Say("a whole list", "toute une liste")));
    }

    static Option<string?> Version(CommandFrame frame, bool required) => new("--version") { Required = required, HelpName = "TEXT", Description = frame.Say("The notice's version", "La version de la notice") };

    static Result<IReadOnlyList<long>> Read(long[] named, FileInfo? file)
    {
        var all = new List<long>(named);
        if (file is null) return all;
        if (!file.Exists) return new Failure(FailureKind.NotFound, "notice.file-invalid", $"There is no file '{file.FullName}'.");
        var line = 0;
        foreach (var text in File.ReadLines(file.FullName))
        {
            line++;
            if (string.IsNullOrWhiteSpace(text) || (line == 1 && text.Trim() == "person_id")) continue;
            if (!long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var person)) return new Failure(FailureKind.Invalid, "notice.file-invalid", $"Line {line} is no person_id. Nothing was taken over.");
            all.Add(person);
        }
        return all;
    }

    public static Command List(CommandFrame frame)
    {
        var tenant = TenantArgument.MakeOption(frame);
        var person = new Option<long?>("--person") { HelpName = "ID", Description = frame.Say("One patient", "Un patient") };
        return frame.Runs(new Command("list", frame.Say("Lists the notices given, or those one patient was given", "Liste les notices données, ou celles d'un patient")) { person, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.NoticeRead).OrThrow();
                var book = open.Ledger.Notices(open.Id, open.Keys);
                var all = (parse.GetValue(person) is { } one ? book.To(one) : book.Entries).Select(e => new { e.Number, e.Version, e.Channel, e.On, Patients = e.Persons.Length, e.By, e.At }).ToList();
                open.Record(Outcome.Done, null, parse.GetValue(person) is null ? null : 1);
                return new Answer(all, console =>
                {
                    var table = new Table().Border(TableBorder.Simple).AddColumns("N°", "Notice", session.Say("Channel", "Voie"), session.Say("On", "Le"), "Patients", session.Say("By", "Par"));
                    foreach (var e in all) table.AddRow(new Text($"{e.Number}"), new Text(e.Version), new Text($"{e.Channel}"), new Text($"{e.On:yyyy-MM-dd}"), new Text(session.Say($"{e.Patients:N0}")), new Text(e.By));
                    console.Write(table);
                });
            },
            new Example("ambroise notice list --person 1042 --tenant chu", frame.Say("when, how and with which version a patient was informed", "quand, comment et avec quelle version un patient a été informé")));
    }

    public static Command Missing(CommandFrame frame)
    {
        var (tenant, version) = (TenantArgument.MakeOption(frame), Version(frame, false));
        return frame.Runs(new Command("missing", frame.Say("Lists the patients of the newest release who were not informed", "Liste les patients de la dernière version qui n'ont pas été informés")) { version, tenant },
            (session, parse) =>
            {
                using var open = session.OpenTenant(parse.GetRequiredValue(tenant), Capability.NoticeRead).OrThrow();
                if (open.OpenWhole(session.Clock, "notice", 16L << 20).Failed(out var failure, out var release)) return failure;
                using (release)
                {
                    var informed = open.Ledger.Notices(open.Id, open.Keys).Informed(parse.GetValue(version));
                    var (patients, missing) = (0L, new List<long>());
                    foreach (var shard in release.Shards)
                    {
                        patients += shard.Patients;
                        foreach (var person in shard.PersonIds.Span)
                            if (!informed.Contains(person)) missing.Add(person);
                    }
                    missing.Sort();
                    open.Record(Outcome.Done, release.Manifest.Release, missing.Count);
                    var shown = new { release.Manifest.Release, Version = parse.GetValue(version), Patients = patients, Missing = missing.Count, Persons = missing };
                    return new Answer(shown, console =>
                    {
                        console.WriteLine(session.Say($"Not informed: {shown.Missing:N0} of {shown.Patients:patient|patients}.", $"Non informés : {shown.Missing:patient|patients} sur {shown.Patients:N0}."));
                        foreach (var person in missing) console.WriteLine(person.ToString(CultureInfo.InvariantCulture));
                    });
                }
            },
            new Example("ambroise notice missing --tenant chu", frame.Say("with any version", "d'aucune version")),
            new Example("ambroise notice missing --version 2026-1 --tenant chu --json", frame.Say("with that version", "de cette version")));
    }
}
