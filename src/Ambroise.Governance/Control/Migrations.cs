using System.Data.Common;

namespace Ambroise.Governance.Control;

/// <summary>The control plane's tables, step by step: a released step never changes, a new one is added below it.
/// Written in the SQL that SQLite and PostgreSQL share.</summary>
static class Migrations
{
    /// <summary>Their text, in order.</summary>
    public static IReadOnlyList<string> All => Steps;

    static readonly string[] Steps =
    [
        """
        create table tenant (
            id        text primary key,
            name      text not null,
            created   text not null,
            state     text not null check (state in ('ready', 'sealed', 'destroyed')),
            custodian text not null,
            digest    text not null
        );
        create table release (
            tenant          text not null references tenant (id),
            number          integer not null check (number >= 1),
            manifest_sha256 text not null,
            committed       text not null,
            primary key (tenant, number)
        );
        """,
        """
        create table role_grant (
            tenant        text not null references tenant (id),
            actor         text not null,
            role          text not null,
            from_instant  text not null,
            until_instant text not null,
            granted_by    text not null,
            primary key (tenant, actor, role, from_instant)
        );
        create table audit (
            tenant   text not null,
            sequence integer not null check (sequence >= 0),
            entry    text not null,
            leaf     text not null,
            primary key (tenant, sequence)
        );
        create table audit_head (
            tenant text primary key,
            size   integer not null,
            peaks  text not null
        );
        create table audit_checkpoint (
            tenant text not null,
            day    text not null,
            size   integer not null,
            note   text not null,
            primary key (tenant, day)
        );
        """,
        """
        create table project_request (
            tenant  text not null references tenant (id),
            project text not null,
            version integer not null check (version >= 1),
            request text not null,
            primary key (tenant, project, version)
        );
        create table project_event (
            tenant  text not null references tenant (id),
            project text not null,
            number  integer not null,
            at      text not null,
            actor   text not null,
            step    text not null,
            reason  text not null,
            opinion text not null,
            version integer not null,
            state   text not null,
            primary key (tenant, project, number)
        );
        create table permit (
            tenant    text not null references tenant (id),
            project   text not null,
            version   integer not null check (version >= 1),
            permit    text not null,
            signature text not null,
            primary key (tenant, project, version)
        );
        """,
        """
        create table opposition (
            tenant text not null references tenant (id),
            number bigint not null check (number >= 1),
            sealed text not null,
            primary key (tenant, number)
        );
        """,
        """
        create table reidentification (
            tenant text not null references tenant (id),
            number bigint not null check (number >= 1),
            sealed text not null,
            primary key (tenant, number)
        );
        """,
        """
        create table journal (
            tenant text not null references tenant (id),
            book   text not null,
            number bigint not null check (number >= 1),
            sealed text not null,
            primary key (tenant, book, number)
        );
        create table audit_pruned (
            tenant text primary key,
            size   bigint not null,
            note   text not null
        );
        create table grant_review (
            tenant      text not null references tenant (id),
            actor       text not null,
            role        text not null,
            at          text not null,
            reviewed_by text not null,
            primary key (tenant, actor, role, at)
        );
        """,
        """
        create table person_factor (
            tenant text not null references tenant (id),
            person text not null,
            sealed text not null,
            primary key (tenant, person)
        );
        create table sign_in (
            tenant  text not null references tenant (id),
            session text not null,
            sealed  text not null,
            primary key (tenant, session)
        );
        """,
    ];

    /// <summary>Brings an empty or older control plane up to date, one transaction for each step.</summary>
    /// <exception cref="FailureException"><c>home.newer</c> where a later version of the program made it.</exception>
    public static void Apply(DbConnection connection)
    {
        Database.CreateTable(connection, "migration", "step integer primary key");
        var done = Convert.ToInt32(connection.Scalar("select coalesce(max(step), 0) from migration"), null);
        if (done > Steps.Length)
            throw new Failure(FailureKind.Unavailable, "home.newer", "A later version of Ambroise made this home: use that version.").AsException();

        for (var step = done + 1; step <= Steps.Length; step++)
        {
            using var transaction = Database.BeginWrite(connection);
            // Another program may have taken this step while we waited for the lock.
            if (Convert.ToInt32(connection.Scalar("select coalesce(max(step), 0) from migration", transaction), null) >= step) continue;
            connection.Execute(Steps[step - 1], transaction);
            connection.Execute("insert into migration values (@step)", transaction, ("@step", step));
            transaction.Commit();
        }
    }
}
