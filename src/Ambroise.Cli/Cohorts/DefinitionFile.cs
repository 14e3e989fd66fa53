using System.CommandLine;
using Ambroise.Cli.Frame;
using Ambroise.Cohorts.Definitions;

namespace Ambroise.Cli.Cohorts;

/// <summary>A cohort definition's file.</summary>
static class DefinitionFile
{
    public static Argument<FileInfo> Argument(CommandFrame frame) =>
        new("DEF.json") { Description = frame.Say("A cohort definition, as ATLAS exports it", "Une définition de cohorte, telle qu'ATLAS l'exporte") };

    /// <returns>The definition; or <c>cohort.file-missing</c>, or <c>cohort.invalid</c>: what is wrong with it and at which JSON path.</returns>
    public static Result<CohortDefinition> Parse(FileInfo file) =>
        file.Exists ? CohortDefinition.Parse(File.ReadAllBytes(file.FullName)) : new Failure(FailureKind.NotFound, "cohort.file-missing", $"{file.Name} is not a file.");
}
