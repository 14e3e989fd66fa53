using Ambroise.Cli.Cohorts;
using Ambroise.Cli.Datasets;
using Ambroise.Cli.Demo;
using Ambroise.Cli.Disclosure;
using Ambroise.Cli.Frame;
using Ambroise.Cli.Governance;
using Ambroise.Cli.Lake;
using Ambroise.Cli.Tenants;
using Ambroise.Cli.Vocabulary;

var frame = new CommandFrame(args);

frame.Add(RunDemo.Command(frame));
frame.Add(InitHome.Command(frame));
frame.Add(CommandFrame.Group("tenant", frame.Say("Tenants and their keys", "Établissements et leurs clés"),
    CreateTenant.Command(frame), ListTenants.Command(frame), SealTenant.UnsealCommand(frame), SealTenant.Command(frame), RotateKey.Command(frame), DestroyKey.Command(frame), RequireTwoFactors.Command(frame)));

frame.Add(CommandFrame.Group("vocabulary", frame.Say("The OMOP vocabulary", "Le vocabulaire OMOP"), LoadVocabulary.Command(frame), SearchVocabulary.Command(frame)));
frame.Add(CommandFrame.Group("load", frame.Say("Loads a source as a new release", "Charge une source comme nouvelle version"), LoadOmop.Command(frame), LoadFhir.Command(frame), FhirReports.Command(frame)));
frame.Add(Mappings.Command(frame));
frame.Add(ListReleases.Command(frame));
frame.Add(ShowTables.Command(frame));
frame.Add(ShowQuarantine.Command(frame));
frame.Add(TraceRows.Command(frame));
frame.Add(CommandFrame.Group("export", frame.Say("Gives data back", "Restitue les données"), ExportOmop.Command(frame)));
frame.Add(ErasePatients.Command(frame));
frame.Add(VerifyTenant.Command(frame));
frame.Add(Synth.Command(frame));
frame.Add(BackUpHome.Command(frame));
frame.Add(RestoreHome.Command(frame));

frame.Add(CommandFrame.Group("role", frame.Say("Who may do what in a tenant", "Qui peut quoi dans un établissement"), ChangeRoles.Grant(frame), ChangeRoles.Revoke(frame), ChangeRoles.List(frame), ReviewRoles.Review(frame), ReviewRoles.Confirm(frame)));
frame.Add(CommandFrame.Group("person", frame.Say("With what people prove who they are", "Avec quoi chacun prouve qui il est"), EnrolPersons.Enrol(frame), EnrolPersons.Join(frame), EnrolPersons.Confirm(frame), EnrolPersons.Withdraw(frame), EnrolPersons.List(frame)));
frame.Add(SignInOut.In(frame));
frame.Add(SignInOut.Out(frame));
frame.Add(CommandFrame.Group("project", frame.Say("Projects, from the question to the permit", "Projets, de la question au permis"), RunProjects.Create(frame), RunProjects.Submit(frame), RunProjects.GiveOpinion(frame), RunProjects.Decide(frame),
    RunProjects.Activate(frame), RunProjects.Amend(frame), RunProjects.Suspend(frame), RunProjects.Resume(frame), RunProjects.Close(frame), RunProjects.List(frame), RunProjects.Show(frame)));
frame.Add(Reidentify.Command(frame));
frame.Add(CommandFrame.Group("opposition", frame.Say("Patients who object to a use of their data", "Patients qui s'opposent à un usage de leurs données"),
    WriteOppositions.Add(frame), WriteOppositions.Import(frame), WriteOppositions.Withdraw(frame), ListOppositions.Command(frame), ReportOppositions.Command(frame)));
frame.Add(CommandFrame.Group("airlock", frame.Say("Results leave after checks, by someone else's decision", "Les résultats sortent après examen, sur décision d'autrui"), LetOut.Submit(frame), LetOut.Check(frame), LetOut.Look(frame), LetOut.Decide(frame, true), LetOut.Decide(frame, false), LetOut.Release(frame), LetOut.List(frame)));
frame.Add(CommandFrame.Group("category", frame.Say("Is each kind of permitted data still needed?", "Chaque donnée permise est-elle encore nécessaire ?"), ReviewCategories.List(frame), ReviewCategories.Confirm(frame), ReviewCategories.Purge(frame)));
frame.Add(CommandFrame.Group("publication", frame.Say("What projects published", "Ce que les projets ont publié"), RecordPublications.Add(frame), RecordPublications.List(frame)));
frame.Add(CommandFrame.Group("notice", frame.Say("Which patients were informed", "Quels patients ont été informés"), InformPatients.Give(frame), InformPatients.List(frame), InformPatients.Missing(frame)));
frame.Add(CommandFrame.Group("rights", frame.Say("Requests of patients about their rights", "Demandes des patients sur leurs droits"), AnswerRights.Open(frame), AnswerRights.Extend(frame), AnswerRights.Answered(frame), AnswerRights.List(frame)));
frame.Add(CommandFrame.Group("source", frame.Say("What may enter the warehouse", "Ce qui peut entrer dans l'entrepôt"), DeclareSources.Declare(frame), DeclareSources.Decide(frame), DeclareSources.List(frame)));
frame.Add(CommandFrame.Group("retention", frame.Say("How long what is kept", "Combien de temps chaque chose est gardée"), Retain.Show(frame), Retain.Set(frame), Retain.Purge(frame)));
frame.Add(CommandFrame.Group("register", frame.Say("What the public may know", "Ce que le public peut savoir"), ExportRegister.Command(frame)));
frame.Add(CommandFrame.Group("audit", frame.Say("What was done, and its proof", "Ce qui a été fait, et sa preuve"), ReadAudit.List(frame), ReadAudit.Verify(frame), ReadAudit.Prove(frame), ReadAudit.KeepCheckpoint(frame), Retain.PruneAudit(frame), ReadAudit.Unusual(frame)));

frame.Add(CommandFrame.Group("cohort", frame.Say("Cohorts of patients", "Cohortes de patients"), CountCohort.Command(frame), RunCohorts.Command(frame),
    ExplainDefinition.Command(frame), CheckDefinition.Command(frame), DescribeRows.Command(frame)));
frame.Add(CommandFrame.Group("disclosure", frame.Say("How counts are shown to people without a permit", "Comment les effectifs sont montrés sans permis"), ShowRules.Command(frame), ShowRules.SetCommand(frame)));
frame.Add(CommandFrame.Group("dataset", frame.Say("Datasets of a project, from its permit", "Jeux de données d'un projet, selon son permis"), PlanDataset.Command(frame), BuildDataset.Command(frame),
    ListDatasets.Command(frame), OpenDataset.Command(frame), ExpireDatasets.Command(frame)));

return await frame.RunAsync(args);
