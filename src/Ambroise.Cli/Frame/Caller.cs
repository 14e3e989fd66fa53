namespace Ambroise.Cli.Frame;

/// <summary>Who runs a command. The machine's account is what signed in here; it may act under the name of a person, and the audit keeps both.</summary>
/// <param name="Actor">The person whose roles count.</param>
/// <param name="Account">The account of the machine.</param>
sealed record Caller(string Actor, string Account)
{
    /// <param name="named">By <c>--as</c>; else <c>AMBROISE_ACTOR</c>, else the account itself.</param>
    public static Caller Of(string? named)
    {
        var account = Environment.UserName;
        return new(named is { Length: > 0 } ? named : Environment.GetEnvironmentVariable("AMBROISE_ACTOR") is { Length: > 0 } set ? set : account, account);
    }
}
