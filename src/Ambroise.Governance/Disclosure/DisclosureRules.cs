namespace Ambroise.Governance.Disclosure;

/// <summary>How counts are shown to people without a permit. A tenant publishes them: what protects is the key, not their secrecy.</summary>
/// <param name="Threshold">Patients; fewer are never shown. 2 to 100.</param>
/// <param name="NoiseSd">Standard deviation of the keyed noise, in patients. Above 0, to 50.</param>
/// <param name="NoiseClamp">Largest noise, in patients. 1 to 200.</param>
/// <param name="Rounding">Shown counts are multiples of it. 1 to 100.</param>
/// <param name="SnapWithin">A set that differs from an answered one by fewer patients always gets the earlier answer. 1 to <see cref="SetSketch.Capacity"/>.</param>
/// <param name="SnapFade">Over so many patients more, the earlier answer is given less and less often, by the key: a sharp edge could be felt for. 0 or more.</param>
/// <param name="Answers">Sets whose answer is kept; when so many are held no other is answered. 100 to 10,000,000.</param>
public sealed record DisclosureRules(int Threshold = 10, double NoiseSd = 2, int NoiseClamp = 5, int Rounding = 5, int SnapWithin = 10, int SnapFade = 10, int Answers = 200_000)
{
    /// <summary>What a withheld count looks like.</summary>
    public string Withheld => $"<{Threshold}";

    /// <returns>These rules, or <c>disclosure.rules-invalid</c>.</returns>
    public Result<DisclosureRules> Checked() =>
        Threshold is < 2 or > 100 ? Invalid("the threshold is 2 to 100")
        : NoiseSd is not (> 0 and <= 50) ? Invalid("the noise's standard deviation is above 0, to 50")
        : NoiseClamp is < 1 or > 200 || NoiseClamp < NoiseSd ? Invalid("the noise's clamp is 1 to 200 and no less than its standard deviation")
        : Rounding is < 1 or > 100 ? Invalid("the rounding is 1 to 100")
        : SnapWithin < 1 || SnapFade < 0 || SnapWithin + SnapFade > SetSketch.Capacity ? Invalid($"snap is 1 or more, its fade 0 or more, together at most {SetSketch.Capacity}")
        : Answers is < 100 or > 10_000_000 ? Invalid("the answers kept are 100 to 10,000,000")
        : this;

    static Failure Invalid(string what) => new(FailureKind.Invalid, "disclosure.rules-invalid", $"These rules cannot be: {what}.");
}
