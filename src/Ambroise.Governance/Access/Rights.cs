using System.Collections.Frozen;

namespace Ambroise.Governance.Access;

/// <summary>What a person may be in a tenant. The host's operator is none of these: operating needs no way into a tenant.</summary>
public enum Role { Administrator, DataEngineer, Researcher, CommitteeMember, DataProtectionOfficer, ReidentificationOfficer }

/// <summary>What can be done in a tenant: everything that the command line, and later the web, lets anyone do there.</summary>
public enum Capability
{
    /// <summary>Seal and unseal.</summary>
    TenantSeal,
    TenantRotateKey,
    TenantDestroyKey,
    RolesChange,

    /// <summary>See which roles lapse for want of a review, and confirm those still needed.</summary>
    RolesReview,

    /// <summary>Ask everyone who acts in the tenant to be signed in.</summary>
    TenantRequireTwoFactors,

    /// <summary>Invite people to enrol, and end their enrolment.</summary>
    PeopleEnrol,

    /// <summary>Enrol where one was invited, and sign in.</summary>
    PersonSignIn,

    /// <summary>Say where a source comes from and why it is needed.</summary>
    SourceDeclare,

    /// <summary>Write down what the governing body decided on a source.</summary>
    SourceDecide,

    /// <summary>Load a source as a release.</summary>
    LakeLoad,

    /// <summary>See what releases and tables there are: numbers of rows, never a row.</summary>
    LakeDescribe,
    LakeVerify,
    QuarantineRead,

    /// <summary>Follow rows back to the records of the source they were made of, which names the records.</summary>
    LineageRead,

    /// <summary>Give everything back, identities included.</summary>
    LakeExport,

    /// <summary>Take whole releases away that nothing names.</summary>
    LakeDrop,
    PatientErase,

    /// <summary>Exact counts and rows of a cohort.</summary>
    CohortExact,

    /// <summary>Counts under disclosure control.</summary>
    CohortDisclosed,

    /// <summary>Change the rules that such counts obey.</summary>
    DisclosureChange,
    ProjectRequest,
    ProjectRead,
    ProjectOpinion,
    ProjectDecide,
    OppositionWrite,
    OppositionRead,

    /// <summary>Record that patients were informed.</summary>
    NoticeWrite,
    NoticeRead,

    /// <summary>Take up and answer patients' requests about their rights.</summary>
    RightsAnswer,
    DatasetBuild,

    /// <summary>Decrypt a dataset into the project's space: members of a permit alone.</summary>
    DatasetOpen,
    DatasetExpire,

    /// <summary>Ask to let results leave, and take them out once approved: members of a permit alone.</summary>
    AirlockSubmit,

    /// <summary>Look at results that want to leave, and decide.</summary>
    AirlockReview,
    Reidentify,

    /// <summary>Change how long patients and the audit are kept.</summary>
    RetentionChange,
    AuditRead,

    /// <summary>Take out what is past its retention: by someone else than who sets it.</summary>
    AuditPrune,
    RegisterExport,
}

/// <summary>Which role may do what. docs/roles.md shows the same table, and a test holds the two together.</summary>
public static class Rights
{
    static readonly FrozenDictionary<Role, Capability[]> Of = new Dictionary<Role, Capability[]>
    {
        [Role.Administrator] =
        [
            Capability.TenantSeal, Capability.TenantRotateKey, Capability.TenantDestroyKey, Capability.RolesChange, Capability.RolesReview, Capability.TenantRequireTwoFactors, Capability.PeopleEnrol, Capability.PersonSignIn, Capability.SourceDecide, Capability.LakeDescribe, Capability.LakeVerify, Capability.LakeExport,
            Capability.CohortDisclosed, Capability.DisclosureChange, Capability.ProjectRead, Capability.ProjectDecide, Capability.DatasetExpire, Capability.RetentionChange, Capability.AuditRead, Capability.RegisterExport,
        ],
        [Role.DataEngineer] =
        [
            Capability.PersonSignIn, Capability.SourceDeclare, Capability.LakeLoad, Capability.LakeDescribe, Capability.LakeVerify, Capability.QuarantineRead, Capability.LineageRead, Capability.LakeExport, Capability.LakeDrop, Capability.PatientErase, Capability.CohortExact, Capability.CohortDisclosed,
            Capability.ProjectRead, Capability.OppositionRead, Capability.DatasetBuild, Capability.DatasetExpire,
        ],
        [Role.Researcher] = [Capability.PersonSignIn, Capability.CohortDisclosed, Capability.ProjectRequest, Capability.ProjectRead, Capability.DatasetOpen, Capability.AirlockSubmit],
        [Role.CommitteeMember] = [Capability.PersonSignIn, Capability.CohortDisclosed, Capability.ProjectRead, Capability.ProjectOpinion, Capability.AirlockReview],
        [Role.DataProtectionOfficer] =
        [
            Capability.PersonSignIn, Capability.LakeDescribe, Capability.LakeDrop, Capability.PatientErase, Capability.ProjectRead, Capability.OppositionWrite, Capability.OppositionRead, Capability.NoticeWrite, Capability.NoticeRead, Capability.RightsAnswer,
            Capability.AirlockReview, Capability.AuditRead, Capability.AuditPrune, Capability.RegisterExport,
        ],
        [Role.ReidentificationOfficer] = [Capability.PersonSignIn, Capability.Reidentify],
    }.ToFrozenDictionary();

    public static bool Allow(Role role, Capability capability) => Of[role].Contains(capability);

    /// <returns>Roles that may, in order.</returns>
    public static IEnumerable<Role> Roles(Capability capability) => Enum.GetValues<Role>().Where(r => Allow(r, capability));
}
