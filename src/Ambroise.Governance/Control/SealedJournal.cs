using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ambroise.Vault.Custody;

namespace Ambroise.Governance.Control;

/// <summary>Entries of a tenant about its patients, in order: added and never changed, each sealed under a key of the tenant, so that the database alone tells how many there are.</summary>
/// <remarks>Each is bound to its tenant and number, so one that was edited, moved or taken out is noticed; the last ones cut off are noticed against the audit, which keeps the number of each.</remarks>
/// <param name="table">Holds <c>tenant</c>, <c>number</c> and <c>sealed</c>.</param>
/// <param name="name">Names the entries in what their seal authenticates.</param>
/// <param name="key">32 bytes.</param>
/// <param name="damaged">What to say of the first entry that is gone or altered.</param>
/// <param name="book">Where the table holds several books, in its column <c>book</c>: which.</param>
sealed class SealedJournal<T>(DbConnection connection, string table, string name, string tenant, Func<ReadOnlyMemory<byte>> key, Func<int, Failure> damaged, string? book = null) where T : class
{
    /// <returns>Every entry, oldest first.</returns>
    public List<T> Read(DbTransaction? transaction = null)
    {
        var rows = connection.Query(static r => (Number: r.GetInt64(0), Sealed: r.GetString(1)), $"select number, sealed from {table} where tenant = @tenant{(book is null ? "" : " and book = @book")} order by number", transaction, Named());
        var all = new List<T>(rows.Count);
        foreach (var (number, text) in rows)
        {
            var message = new byte[text.Length];
            var entry = Convert.TryFromBase64String(text, message, out var length) && Sealed.Open(key().Span, message.AsSpan(0, length), Context(number)) is { } content
                ? JsonSerializer.Deserialize(content, KeptJson.Of<T>()) : null;
            if (entry is null || number != all.Count + 1) throw damaged(all.Count + 1).AsException();
            all.Add(entry);
        }
        return all;
    }

    /// <param name="number">One more than there are entries.</param>
    public void Append(DbTransaction transaction, long number, T entry) =>
        connection.Execute($"insert into {table} (tenant, {(book is null ? "" : "book, ")}number, sealed) values (@tenant, {(book is null ? "" : "@book, ")}@number, @sealed)", transaction, Named(("@number", number), ("@sealed", Convert.ToBase64String(Sealed.Seal(key().Span, JsonSerializer.SerializeToUtf8Bytes(entry, KeptJson.Of<T>()), Context(number))))));

    (string, object)[] Named(params ReadOnlySpan<(string, object)> more) => book is null ? [("@tenant", tenant), .. more] : [("@tenant", tenant), ("@book", book), .. more];

    byte[] Context(long number) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"ambroise {name}\n{tenant}\n{number}"));
}
