using Ambroise.Governance.Oppositions;
using Ambroise.Governance.PatientRights;

namespace Ambroise.Tests.Governance.PatientRights;

public abstract class PatientRightsSpecs(string? server) : BookHouse(server)
{
    RightsBook Rights => Plane.Rights(Chu, Keys);

    NoticeBook Notices => Plane.Notices(Chu, Keys);

    [Fact]
    public void A_request_has_a_month_and_two_more_where_it_is_put_off_in_time_once()
    {
        var request = Rights.Open(7, RightsKind.Access, Channel.Post, new(2026, 1, 31), "", "dpo").OrThrow();
        Assert.Equal((1, new DateOnly(2026, 2, 28), true), (request.Number, request.Deadline, request.Late)); // it is 1 March
        Fails("rights.late", Rights.Extend(1, "archives", "dpo"));

        var second = Rights.Open(8, RightsKind.Erasure, Channel.Email, new(2026, 3, 1), "", "dpo").OrThrow();
        Assert.Equal((new DateOnly(2026, 4, 1), false), (second.Deadline, second.Late));
        On(4, 1);
        Assert.False(Rights.Standing().Single(r => r.Person == 8).Late);
        var extended = Rights.Extend(second.Number, "archives are searched", "dpo").OrThrow();
        Assert.Equal((new DateOnly(2026, 6, 1), true, RightsState.Open), (extended.Deadline, extended.Extended, extended.State));
        Fails("rights.extended", Rights.Extend(second.Number, "again", "dpo"));
        On(6, 2);
        Assert.True(Rights.Standing().Single(r => r.Person == 8).Late);
    }

    [Fact]
    public void A_request_is_answered_once_with_a_note_and_keeps_its_log()
    {
        Rights.Open(7, RightsKind.Rectification, Channel.Portal, new(2026, 3, 1), "letter-1", "dpo").OrThrow();
        Fails("rights.note-missing", Rights.Answer(1, true, " ", "dpo"));
        Fails("rights.unknown", Rights.Answer(9, true, "done", "dpo"));
        var answered = Rights.Answer(1, false, "not ours, letter-2", "anne").OrThrow();
        Assert.Equal((RightsState.Refused, false), (answered.State, answered.Late));
        Assert.Equal(["dpo", "anne"], answered.Log.Select(e => e.By));
        Fails("rights.answered", Rights.Answer(1, true, "again", "dpo"));
        Fails("rights.answered", Rights.Extend(1, "again", "dpo"));
        Fails("rights.invalid", Rights.Open(7, RightsKind.Access, Channel.Post, new(2026, 3, 9), "", "dpo"));
        On(9, 1);
        Assert.False(Rights.Standing()[0].Late);
    }

    [Fact]
    public void Who_was_informed_is_known_with_the_notices_version()
    {
        Notices.Give([7, 8, 7], "2025-1", Channel.Post, new(2026, 2, 1), "dpo").OrThrow();
        Notices.Give([8], "2026-1", Channel.Portal, new(2026, 3, 1), "dpo").OrThrow();
        Assert.Equal([7, 8], Notices.Informed().Order());
        Assert.Equal([8], Notices.Informed("2026-1"));
        Assert.Equal([("2025-1", Channel.Post), ("2026-1", Channel.Portal)], Notices.To(8).Select(e => (e.Version, e.Channel)));
        Fails("notice.invalid", Notices.Give([], "2026-1", Channel.Post, new(2026, 3, 1), "dpo"));
        Fails("notice.invalid", Notices.Give([7], "", Channel.Post, new(2026, 3, 1), "dpo"));
        Fails("notice.invalid", Notices.Give([7], "2026-1", Channel.Post, new(2026, 3, 9), "dpo"));
    }
}

public sealed class PatientRightsInFileSpecs() : PatientRightsSpecs(null);

public sealed class PatientRightsOnServerSpecs(ThrowawayServer server) : PatientRightsSpecs(server.NewDatabase());
