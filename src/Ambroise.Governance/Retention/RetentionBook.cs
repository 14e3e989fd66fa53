using Ambroise.Governance.Control;

namespace Ambroise.Governance.Retention;

/// <summary>How long a tenant keeps what.</summary>
/// <param name="PatientYears">Years after a patient's last activity in the warehouse, 1 to 100. 20 by default: CNIL, délibération 2021-118 (EDS), 7.2, counts twenty years from when the data enter the warehouse;
/// a patient's last activity is never after that, so nothing is kept longer than counted so.</param>
/// <param name="AuditMonths">Months that an entry of the audit is kept, 6 to 120. 12 by default: CNIL SEC-JOU asks for six to twelve months, Regulation (EU) 2025/327 article 73 for a year at least.</param>
public sealed record RetentionRules(int PatientYears = 20, int AuditMonths = 12)
{
    /// <returns>The first day whose activity is recent enough to keep a patient.</returns>
    public DateOnly PatientsSince(DateOnly today) => today.AddYears(-PatientYears);

    /// <returns>The first instant whose audit entries are kept.</returns>
    public DateTimeOffset AuditSince(DateTimeOffset now) => now.AddMonths(-AuditMonths);
}

/// <param name="Number">1 or more, without a gap in a tenant.</param>
public sealed record RetentionEntry(long Number, RetentionRules Rules, string By, DateTimeOffset At);

/// <summary>A tenant's rules on how long what is kept, and who set them.</summary>
public sealed class RetentionBook : SealedBook<RetentionEntry>
{
    internal RetentionBook(BookPlace place) : base(place, "retention")
    {
    }

    /// <exception cref="FailureException"><c>book.tampered</c>.</exception>
    public RetentionRules Rules => Entries is [.., var last] ? last.Rules : new();

    /// <returns>The entry, or <c>retention.rules-invalid</c>.</returns>
    public Result<RetentionEntry> Set(RetentionRules rules, string by) => rules is { PatientYears: >= 1 and <= 100, AuditMonths: >= 6 and <= 120 }
        ? Write(all => new RetentionEntry(all.Count + 1, rules, by, Clock.GetUtcNow()))
        : new Failure(FailureKind.Invalid, "retention.rules-invalid", "Patients are kept 1 to 100 years after their last activity, the audit 6 to 120 months.");
}
