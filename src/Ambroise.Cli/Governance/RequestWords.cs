using Ambroise.Cli.Frame;
using Ambroise.Governance.Airlock;
using Ambroise.Governance.PatientRights;
using Ambroise.Governance.Reidentification;

namespace Ambroise.Cli.Governance;

/// <summary>What a request asks for, why, and what became of it, for people to read; programs get the names.</summary>
static class RequestWords
{
    public static string Of(Session session, AirlockState state) => session.Say($"{state}", state switch
    {
        AirlockState.Approved => "approuvée",
        AirlockState.Refused => "refusée",
        AirlockState.Released => "sortie",
        _ => "en attente",
    });

    public static string Of(Session session, RightsState state) => session.Say($"{state}", state switch
    {
        RightsState.Granted => "satisfaite",
        RightsState.Refused => "refusée",
        _ => "ouverte",
    });

    public static string Of(Session session, RightsKind kind) => session.Say($"{kind}", kind switch
    {
        RightsKind.Access => "accès",
        RightsKind.Rectification => "rectification",
        RightsKind.Erasure => "effacement",
        RightsKind.Restriction => "limitation",
        _ => "opposition",
    });

    public static string Of(Session session, ReidentificationState state) => session.Say($"{state}", state switch
    {
        ReidentificationState.Approved => "approuvée",
        ReidentificationState.Refused => "refusée",
        ReidentificationState.Expired => "expirée",
        _ => "en attente",
    });

    public static string Of(Session session, ReidentificationReason reason) => session.Say($"{reason}", reason switch
    {
        ReidentificationReason.CareAlert => "alerte de soins",
        ReidentificationReason.PatientRight => "droit du patient",
        ReidentificationReason.RecontactApproved => "recontact approuvé",
        _ => "urgence médicale",
    });
}
