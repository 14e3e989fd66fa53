using Ambroise.Governance.Control;

namespace Ambroise.Governance.SignIn;

/// <param name="Number">1 or more, without a gap in a tenant.</param>
public sealed record TwoFactorEntry(long Number, bool Required, string By, DateTimeOffset At);

/// <summary>Whether a tenant asks everyone to be signed in with two factors, and who said so.</summary>
public sealed class TwoFactorBook : SealedBook<TwoFactorEntry>
{
    internal const string Name = "two-factors";

    internal TwoFactorBook(BookPlace place) : base(place, Name)
    {
    }

    /// <exception cref="FailureException"><c>book.tampered</c>.</exception>
    public bool IsRequired => Entries is [.., { Required: true }];

    public Result<TwoFactorEntry> Set(bool required, string by) => Write(all => new TwoFactorEntry(all.Count + 1, required, by, Clock.GetUtcNow()));
}
