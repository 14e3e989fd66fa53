using System.Data.Common;
using Ambroise.Vault;

namespace Ambroise.Governance.Control;

/// <summary>Where a tenant's books lie, while its keys are open.</summary>
sealed record BookPlace(DbConnection Connection, Lock Gate, TimeProvider Clock, string Tenant, KeyRing Keys);

/// <summary>A book of a tenant: entries are added and never changed, each sealed under the book's own key and bound to its number. What holds is worked out from all of them.</summary>
public abstract class SealedBook<T> where T : class
{
    const string KeyName = "seal";

    readonly BookPlace place;
    readonly SealedJournal<T> journal;

    private protected SealedBook(BookPlace place, string book)
    {
        this.place = place;
        // The key is made with the first entry.
        journal = new(place.Connection, "journal", $"book {book}", place.Tenant, () => place.Keys.GetOrCreate($"book.{book}", KeyName),
            entry => new Failure(FailureKind.Tampered, "book.tampered", $"Entry {entry} of the book '{book}' is gone or altered: restore it from its backup."), book);
    }

    private protected TimeProvider Clock => place.Clock;

    private protected DateOnly Today => DateOnly.FromDateTime(place.Clock.GetUtcNow().UtcDateTime);

    /// <returns>Every entry, oldest first.</returns>
    /// <exception cref="FailureException"><c>book.tampered</c>.</exception>
    public IReadOnlyList<T> Entries
    {
        get
        {
            lock (place.Gate) return journal.Read();
        }
    }

    /// <summary>Adds one entry that follows from those before it; nobody else writes in between.</summary>
    /// <param name="next">From all entries, the next, or why there is none. Its number is one more than there are.</param>
    private protected Result<T> Write(Func<IReadOnlyList<T>, Result<T>> next)
    {
        lock (place.Gate)
        {
            using var transaction = Database.BeginWrite(place.Connection);
            var all = journal.Read(transaction);
            if (next(all).Failed(out var failure, out var entry)) return failure;
            journal.Append(transaction, all.Count + 1, entry);
            transaction.Commit();
            return entry;
        }
    }
}
