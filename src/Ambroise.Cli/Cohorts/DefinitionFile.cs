using System.CommandLine;
using System.Text.Json;
using Ambroise.Cli.Frame;
using Ambroise.Cohorts.Definitions;

namespace Ambroise.Cli.Cohorts;

/// <summary>A cohort definition's file as the JSON it is.</summary>
static class DefinitionFile
{
    public static Argument<FileInfo> Argument(CommandFrame frame) =>
        new("DEF.json") { Description = frame.Say("A cohort definition, as ATLAS exports it", "Une définition de cohorte, telle qu'ATLAS l'exporte") };

    /// <returns>The document; or <c>cohort.file-missing</c>, <c>cohort.not-json</c>.</returns>
    public static Result<JsonDocument> Read(FileInfo file)
    {
        if (!file.Exists) return new Failure(FailureKind.NotFound, "cohort.file-missing", $"{file.Name} is not a file.");
        try
        {
            var document = JsonDocument.Parse(File.ReadAllBytes(file.FullName));
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
            return new Failure(FailureKind.Invalid, "cohort.not-json", $"{file.Name} holds no JSON object.");
        }
        catch (JsonException broken)
        {
            return new Failure(FailureKind.Invalid, "cohort.not-json", $"{file.Name} is not JSON: line {broken.LineNumber + 1}, byte {broken.BytePositionInLine + 1}.");
        }
    }

    /// <returns>The definition; or <c>cohort.file-missing</c>, or what is wrong with it and at which JSON path.</returns>
    public static Result<CohortDefinition> Parse(FileInfo file) =>
        file.Exists ? CohortDefinition.Parse(File.ReadAllBytes(file.FullName)) : new Failure(FailureKind.NotFound, "cohort.file-missing", $"{file.Name} is not a file.");
}
