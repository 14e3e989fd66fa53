using Ambroise.Governance.Sources;

namespace Ambroise.Tests.Governance.Sources;

public abstract class SourceBookSpecs(string? server) : BookHouse(server)
{
    SourceBook Book => Plane.Sources(Chu, Keys);

    [Fact]
    public void Nothing_is_loaded_from_a_source_before_it_is_declared_and_accepted()
    {
        Assert.Null(Book.Refuses(null));
        Assert.Equal("source.unknown", Book.Refuses("lab")!.Code);
        Book.Declare("lab", "Laboratory system", "results", "paul").OrThrow();
        Assert.Equal("source.unnamed", Book.Refuses(null)!.Code);
        Assert.Equal("source.not-accepted", Book.Refuses("lab")!.Code);
        Assert.Equal("source.unknown", Book.Refuses("pmsi")!.Code);
        Book.Decide("lab", true, "committee of 1 March", new(2026, 3, 1), "ada").OrThrow();
        Assert.Null(Book.Refuses("lab"));
        Book.Decide("lab", false, "committee of 2 March", new(2026, 3, 1), "ada").OrThrow();
        Assert.Equal("source.not-accepted", Book.Refuses("lab")!.Code);
        Book.Decide("lab", true, "committee of 3 March", new(2026, 3, 1), "ada").OrThrow();
        // Declared for something else: decided on again.
        Book.Declare("lab", "Another laboratory", "results", "paul").OrThrow();
        Assert.Equal("source.not-accepted", Book.Refuses("lab")!.Code);
        Assert.Equal(("Another laboratory", SourceState.Declared), (Book.Standing()[0].Origin, Book.Standing()[0].State));
    }

    [Fact]
    public void A_source_has_an_origin_and_a_reason_and_is_not_decided_on_by_who_declared_it()
    {
        Fails("source.invalid", Book.Declare("lab", " ", "results", "paul"));
        Fails("source.invalid", Book.Declare("lab", "Laboratory", "", "paul"));
        Fails("source.invalid", Book.Declare("Lab", "Laboratory", "results", "paul"));
        Fails("source.unknown", Book.Decide("lab", true, "minutes", new(2026, 3, 1), "ada"));
        Book.Declare("lab", "Laboratory", "results", "paul").OrThrow();
        Fails("source.own-decision", Book.Decide("lab", true, "minutes", new(2026, 3, 1), "paul"));
        Fails("source.decision-invalid", Book.Decide("lab", true, "", new(2026, 3, 1), "ada"));
        Fails("source.decision-invalid", Book.Decide("lab", true, "minutes", new(2026, 3, 2), "ada"));
    }

    [Fact]
    public void A_book_whose_entry_was_moved_taken_out_or_put_in_another_book_is_not_read()
    {
        Book.Declare("lab", "Laboratory", "results", "paul").OrThrow();
        Book.Decide("lab", false, "minutes", new(2026, 3, 1), "ada").OrThrow();
        Tamper("update journal set book = 'retention' where number = 1");
        Fails("book.tampered", () => _ = Book.Entries);
        Fails("book.tampered", () => _ = Plane.Retention(Chu, Keys).Entries);
        Tamper("update journal set book = 'sources'");
        Assert.Equal(2, Book.Entries.Count);
        Tamper("update journal set sealed = (select sealed from journal where number = 1)");
        Fails("book.tampered", () => _ = Book.Entries);
    }
}

public sealed class SourceBookInFileSpecs() : SourceBookSpecs(null);

public sealed class SourceBookOnServerSpecs(ThrowawayServer server) : SourceBookSpecs(server.NewDatabase());
