namespace Ambroise.Cohorts.Check;

/// <summary>How grave a finding is: an error makes the definition answer something it cannot mean; a warning is likely a slip; a note is worth knowing.</summary>
public enum Gravity { Error, Warning, Note }

/// <summary>Something about a definition's design that its author should look at.</summary>
/// <param name="Path">Where, as a JSON path from the root: <c>$.InclusionRules[0].expression</c>.</param>
/// <param name="Code">Stable and never reused, e.g. <c>concept-set-empty</c>; listed in docs/cohort-check.md.</param>
/// <param name="Message">One sentence, in the language asked for.</param>
public sealed record Finding(Gravity Gravity, string Path, string Code, string Message);
