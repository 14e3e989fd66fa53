using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Lake;
using Ambroise.Cli.Tenants;
using Ambroise.Governance.Datasets;

namespace Ambroise.Cli.Datasets;

/// <summary>How the dataset commands name a project and say how it is protected.</summary>
sealed class DatasetOptionsOf(CommandFrame frame)
{
    public Option<string> Project { get; } = MakeProject(frame);
    public Option<string> Tenant { get; } = TenantArgument.MakeOption(frame);
    readonly Option<long?> memory = LakeOptions.Memory(frame);
    readonly Option<int> shift = new("--shift") { HelpName = "DAYS", DefaultValueFactory = _ => 182, Description = frame.Say("Largest shift of a patient's dates, where the permit asks for one", "Plus grand décalage des dates d'un patient, si le permis en demande un") };
    readonly Option<int> band = new("--birth-band") { HelpName = "1|5|10|20", DefaultValueFactory = _ => 5, Description = frame.Say("Years of birth by so many together", "Années de naissance regroupées par tant") };
    readonly Option<int> rare = new("--rare") { HelpName = "N", DefaultValueFactory = _ => 5, Description = frame.Say("Codes of fewer patients are withheld", "Les codes de moins de patients sont retenus") };
    readonly Option<bool> remove = new("--remove") { Description = frame.Say("Leaves out the patients that k and l would block the build for", "Écarte les patients pour qui k et l bloqueraient la construction") };
    readonly Option<int[]> sensitive = new("--sensitive") { HelpName = "CONCEPT", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => DatasetRoom.SensitiveByDefault, Description = frame.Say("Sensitive diagnoses, each with its descendants, that l counts", "Diagnostics sensibles, chacun avec ses descendants, que l compte") };

    public static Option<string> MakeProject(CommandFrame frame) => new("--project", "-p") { Required = true, HelpName = "ID", Description = frame.Say("The project's id", "L'identifiant du projet") };

    public long MemoryOf(ParseResult parse) => parse.GetValue(memory) ?? MemoryBound.Usual;

    public Command On(Command command)
    {
        foreach (var option in new Option[] { Project, Tenant, shift, band, rare, remove, sensitive, memory }) command.Add(option);
        return command;
    }

    /// <summary>Runs work over the room that a build needs, and says so where its memory is too little.</summary>
    public Result<Answer> In(Session session, ParseResult parse, Func<DatasetRoom, Result<Answer>> work, CancellationToken cancel)
    {
        try
        {
            if (Room(session, parse, cancel).Failed(out var failure, out var room)) return failure;
            using (room) return work(room);
        }
        catch (OutOfMemoryException)
        {
            return new Failure(FailureKind.TooCostly, "dataset.memory", $"This dataset needs more than {MemoryOf(parse) >> 20} MiB for one shard's patients: nothing was built. Raise --memory.");
        }
    }

    Result<DatasetRoom> Room(Session session, ParseResult parse, CancellationToken cancel) => DatasetRoom.Open(session, parse.GetRequiredValue(Tenant), parse.GetRequiredValue(Project),
        new DatasetOptions(parse.GetValue(shift), parse.GetValue(band), parse.GetValue(rare), parse.GetValue(remove)), parse.GetValue(sensitive) ?? [], MemoryOf(parse), cancel);
}
