namespace Ambroise.Sources.Fhir.Export;

/// <summary>What is being done with a server.</summary>
public enum ExportStep { Configuration, Token, Start, Wait, File, End }

/// <summary>Where in an export something happened.</summary>
/// <param name="Number">Of a file in the list, from 1; 0 for another step.</param>
/// <param name="Files">How many the list has.</param>
/// <param name="Type">Of the file's resources.</param>
public readonly record struct ExportPlace(ExportStep Step, int Number = 0, int Files = 0, string Type = "")
{
    /// <summary>In the words of a failure's detail.</summary>
    public override string ToString() => Step switch
    {
        ExportStep.Configuration => "reading .well-known/smart-configuration",
        ExportStep.Token => "asking for a token",
        ExportStep.Start => "starting the export",
        ExportStep.Wait => "waiting for the export",
        ExportStep.End => "ending the export",
        _ => $"file {Number} of {Files}, {Type}",
    };
}
