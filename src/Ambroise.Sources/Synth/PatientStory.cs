using System.Text;
using Ambroise.Lake.Columns;

namespace Ambroise.Sources.Synth;

/// <summary>One patient's life with the hospital, told as CDM rows: illnesses begin, bring consultations, drugs and tests, sometimes a stroke or an infarction, and end.</summary>
sealed class PatientStory(StoryRows rows, long seed, double factor)
{
    /// <summary>Row numbers of a patient in one table; keys are patient × this + row.</summary>
    const int VisitsAtMost = 64, DetailsAtMost = 128, ConditionsAtMost = 128, DrugsAtMost = 128, ProceduresAtMost = 64, MeasurementsAtMost = 256, ErasAtMost = 128;

    // 2010-01-01 and 2025-12-31, in days since 1970-01-01.
    const int FirstDay = 14610, LastDay = 20453;

    // At 1 a patient has about 70 rows, the average of a hospital that sees people for six years.
    readonly double density = .42 * factor;
    readonly Int32Column[] personInts = StoryRows.Ints(rows.Person, "gender_concept_id", "year_of_birth", "month_of_birth", "day_of_birth", "race_concept_id", "ethnicity_concept_id");
    readonly Int32Column[] periodInts = StoryRows.Ints(rows.Period, "observation_period_start_date", "observation_period_end_date", "period_type_concept_id");
    readonly Int32Column[] deathInts = StoryRows.Ints(rows.Death, "death_date", "death_type_concept_id", "cause_concept_id");
    readonly Int32Column[] noteInts = StoryRows.Ints(rows.Note, "note_date", "note_type_concept_id", "note_class_concept_id", "encoding_concept_id", "language_concept_id");
    readonly Int32Column[] conditionEraInts = StoryRows.Ints(rows.ConditionEra, "condition_concept_id", "condition_era_start_date", "condition_era_end_date", "condition_occurrence_count");
    readonly Int32Column[] drugEraInts = StoryRows.Ints(rows.DrugEra, "drug_concept_id", "drug_era_start_date", "drug_era_end_date", "drug_exposure_count", "gap_days");
    readonly List<(int Concept, int Start, int End)> conditions = [], drugs = [];
    readonly List<(int Day, int Illness)> agenda = [];
    readonly bool[] ill = new bool[Catalogue.Illnesses.Length];
    readonly int[] onset = new int[Catalogue.Illnesses.Length];
    readonly Int32Column[] payerInts = StoryRows.Ints(rows.Payer, "payer_plan_period_start_date", "payer_plan_period_end_date");
    readonly Int32Column[] observationInts = StoryRows.Ints(rows.Observation, "observation_concept_id", "observation_date", "observation_type_concept_id", "value_as_concept_id");
    readonly StringBuilder note = new();

    Chance chance;
    long patient;
    int visits, conditionRows, drugRows, procedureRows, measurementRows, details, notes, death, last;
    string lastDrug = "", surname = "", forename = "";
    bool woman;

    /// <param name="number">From 1; also the person_id.</param>
    public void Tell(long number)
    {
        (chance, patient) = (Chance.Of(seed, number), number);
        (visits, conditionRows, drugRows, procedureRows, measurementRows, details, notes, death) = (0, 0, 0, 0, 0, 0, 0, int.MaxValue);
        lastDrug = "";
        conditions.Clear();
        drugs.Clear();
        agenda.Clear();

        woman = chance.Hits(.52);
        (surname, forename) = (Surnames[chance.Zipf(Surnames.Length)], woman ? WomenNames[chance.Zipf(WomenNames.Length)] : MenNames[chance.Zipf(MenNames.Length)]);
        var age = AgeIn2018();
        int year = 2018 - age, month = 1 + chance.Below(12), day = 1 + chance.Below(28);
        var birth = Days.Of(new DateOnly(year, month, day));
        var start = Math.Max(birth, FirstDay + chance.Below(2200));
        var end = Math.Min(LastDay, start + 700 + chance.Below(4200));
        if (end <= start) end = start + 1;

        Plan(woman, age, birth, start, end);
        if (death != int.MaxValue) end = Math.Max(start, Math.Min(end, death));
        last = end;
        foreach (var (on, illness) in agenda)
        {
            if (on > end || visits >= VisitsAtMost) break;
            Visit(on, illness, (int)((on - birth) / 365.25));
        }

        rows.Names.Add((surname, forename));
        rows.Person.Int64("person_id").Append(patient);
        rows.Person.Int64("location_id").Append(1 + chance.Below(SyntheticHospital.Locations));
        rows.Person.Int64("provider_id").Append(1 + chance.Below(500));
        rows.Person.Int64("care_site_id").Append(1 + chance.Below(40));
        StoryRows.Append(personInts, woman ? 8532 : 8507, year, month, day, 0, 0);
        // A made-up national number under the test authority of the INS, with sex, year and month where the true one has them.
        Text(rows.Person.Text("person_source_value"), $"{(woman ? 2 : 1)}{year % 100:D2}{month:D2}{1 + patient % 95:D2}{patient % 1_000_000:D6}|1.2.250.1.213.1.4.10");
        rows.Person.Text("gender_source_value").Append(woman ? "F"u8 : "M"u8);

        rows.Period.Int64("observation_period_id").Append(patient);
        rows.Period.Int64("person_id").Append(patient);
        StoryRows.Append(periodInts, start, end, 32817);
        if (death <= end)
        {
            rows.Death.Int64("person_id").Append(patient);
            StoryRows.Append(deathInts, death, 32817, conditions.Count > 0 ? conditions[^1].Concept : 0);
        }
        Insure(start, end);
        if (conditionRows > 0) Ask(start + chance.Below(end - start + 1));
        Eras();
    }

    /// <summary>One period of health insurance; a long illness has its hundred-per-cent plan (ALD).</summary>
    void Insure(int start, int end)
    {
        rows.Payer.Int64("payer_plan_period_id").Append(patient);
        rows.Payer.Int64("person_id").Append(patient);
        StoryRows.Append(payerInts, start, end);
        rows.Payer.Text("payer_source_value").Append(chance.Hits(.88) ? "Régime général"u8 : chance.Hits(.5) ? "MSA"u8 : "Autre régime"u8);
        rows.Payer.Text("plan_source_value").Append(ill[Catalogue.Diabetes] ? "ALD 8"u8 : ill[Catalogue.Kidney] ? "ALD 19"u8 : chance.Hits(.1) ? "C2S"u8 : "Complémentaire"u8);
    }

    /// <summary>Tobacco smoking status (LOINC 72166-2), asked once.</summary>
    void Ask(int on)
    {
        var answer = ill[4] ? chance.Below(2) : chance.Hits(.25) ? 0 : chance.Hits(.3) ? 1 : 2; // lung disease follows tobacco
        rows.Observation.Int64("observation_id").Append(patient);
        rows.Observation.Int64("person_id").Append(patient);
        StoryRows.Append(observationInts, SyntheticVocabulary.Smoking, on, 32817, SyntheticVocabulary.Smoker + answer);
        rows.Observation.Text("value_as_string").Append(answer switch { 0 => "Fumeur"u8, 1 => "Ancien fumeur"u8, _ => "Non-fumeur"u8 });
        rows.Observation.Text("observation_source_value").Append("72166-2"u8);
    }

    /// <summary>Whole years in 2018, less than 0 for those born later, on the shape of the French pyramid: flat to 60, then falling.</summary>
    int AgeIn2018()
    {
        while (true)
        {
            var age = chance.Below(107) - 7;
            if (age < 60 || chance.Unit() < Math.Pow(1 - (age - 60) / 40.0, .8)) return age;
        }
    }

    void Plan(bool woman, int age, int birth, int start, int end)
    {
        for (var i = 0; i < ill.Length; i++)
        {
            var illness = Catalogue.Illnesses[i];
            var probability = illness.At50 * Math.Pow(2, (age - 50) / illness.DoublingYears) * (woman ? illness.WomenRatio : 1);
            if (ill[Catalogue.Diabetes] && i is Catalogue.Kidney or Catalogue.Lipids or Catalogue.Obesity) probability *= 2.5;
            ill[i] = age > 8 && chance.Hits(Math.Min(.7, probability));
            if (!ill[i]) continue;
            onset[i] = Math.Max(birth + 3000, start - 1500 + chance.Below(Math.Max(1, end - start + 1200)));
            for (var on = Math.Max(start, onset[i]); on <= end; on += chance.Wait(illness.VisitsPerYear * density)) agenda.Add((on, i));
        }
        for (var on = start + chance.Wait(1.6 * density); on <= end; on += chance.Wait(1.6 * density)) agenda.Add((on, -1));

        var risk = .0006 * Math.Pow(2, (age - 50) / 9.0) * (ill[Catalogue.Hypertension] ? 2.2 : 1) * (ill[Catalogue.Fibrillation] ? 4 : 1) * (ill[Catalogue.Diabetes] ? 1.6 : 1);
        var stroke = start + chance.Wait(Math.Min(.5, risk));
        if (stroke < end) agenda.Add((stroke, -2));
        var infarction = start + chance.Wait(Math.Min(.4, risk * .8));
        if (infarction < end) agenda.Add((infarction, -3));

        var dying = start + chance.Wait(Math.Min(.6, .0009 * Math.Pow(2, (age - 50) / 7.5) * (stroke < end ? 2.5 : 1)));
        if (dying < end) death = dying;
        if (stroke < end && chance.Hits(.14)) death = Math.Min(death, stroke + chance.Below(30));
        agenda.Sort(static (a, b) => a.Day != b.Day ? a.Day.CompareTo(b.Day) : a.Illness.CompareTo(b.Illness));
    }

    void Visit(int on, int illness, int age)
    {
        // Stroke and infarction come by the emergency door and stay; other acute illness sometimes does.
        var inpatient = illness < -1 || chance.Hits(illness < 0 ? .12 : .05);
        var stay = inpatient ? 1 + (int)Math.Min(60, -Math.Log(1 - chance.Unit()) * 6) : 0;
        var end = Math.Min(last, on + stay);
        var (id, provider, second) = (patient * VisitsAtMost + visits++, 1 + chance.Below(500), 28_800 + chance.Below(36_000));
        rows.AddVisit(id, patient, inpatient ? illness < -1 ? 262 : 9201 : chance.Hits(.1) ? 9203 : 9202, on, end, second, provider);
        if (inpatient) Units(id, on, end, provider, emergency: illness < -1);

        var complaint = illness switch { -3 => Catalogue.Infarction, -2 => Catalogue.Stroke, -1 => Suffer(age), var i => Catalogue.Illnesses[i].Condition };
        var main = Diagnose(id, on, second, provider, complaint, primary: true);
        for (var i = 0; i < ill.Length; i++)
            if (inpatient && ill[i] && i != illness && onset[i] <= on && chance.Hits(.6)) Diagnose(id, on, second, provider, Catalogue.Illnesses[i].Condition, primary: false);
        // Diabetes reaches the eyes and the legs after some years.
        if (ill[Catalogue.Diabetes] && on - onset[Catalogue.Diabetes] > 1000 && chance.Hits(.05)) Diagnose(id, on, second, provider, chance.Hits(.7) ? Catalogue.Retina : Catalogue.LegUlcer, primary: false);

        if (illness >= 0) Follow(id, on, second, provider, Catalogue.Illnesses[illness]);
        else if (chance.Hits(.55)) Prescribe(id, on, 5 + chance.Below(10), provider, Catalogue.Drugs[illness < -1 ? Aspirin : Paracetamol + (chance.Hits(.4) ? chance.Below(3) : chance.Zipf(Catalogue.Drugs.Length - Paracetamol))]);
        if (illness < -1)
        {
            Do(id, on, provider, Catalogue.Procedures[illness == -2 ? BrainCt : Stent]);
            Do(id, on, provider, Catalogue.Procedures[Electrocardiogram]);
            Prescribe(id, end, 90, provider, Catalogue.Drugs[Aspirin]);
            Prescribe(id, end, 90, provider, Catalogue.Drugs[illness == -2 ? Statin : Clopidogrel]);
            if (illness == -3) Measure(id, on, second, provider, Catalogue.Labs[Troponin], 900);
        }
        else if (chance.Hits(inpatient ? .7 : .12)) Do(id, on, provider, Catalogue.Procedures[1 + chance.Zipf(Catalogue.Procedures.Length - 1)]);
        for (var n = inpatient ? 4 + chance.Below(8) : chance.Below(3); n > 0; n--) Measure(id, on + chance.Below(end - on + 1), second, provider, Catalogue.Labs[(1 + chance.Zipf(Catalogue.Labs.Length)) % Catalogue.Labs.Length]);
        if (inpatient || chance.Hits(.12)) Write(id, end, provider, main, age, inpatient);
    }

    const int Statin = 2, Aspirin = 3, Clopidogrel = 4, BrainCt = 0, Electrocardiogram = 1, Stent = 4, Troponin = 30, Paracetamol = 11;

    /// <summary>What someone of that age and sex comes for: the frequent more often.</summary>
    Complaint Suffer(int age)
    {
        for (var draws = 0; draws < 12; draws++)
            if (Catalogue.Acute[chance.Zipf(Catalogue.Acute.Length)] is var complaint && complaint.Fits(woman, age)) return complaint;
        return Catalogue.Acute[0];
    }

    /// <summary>The wards of a stay: the emergency room, at times intensive care, then the ward.</summary>
    void Units(long visit, int on, int end, int provider, bool emergency)
    {
        var ward = on;
        if (emergency) rows.AddDetail(patient * DetailsAtMost + details++, patient, visit, 9203, on, on, provider);
        if (end - on > 3 && chance.Hits(emergency ? .5 : .1))
        {
            ward = on + 1 + chance.Below(end - on - 1);
            rows.AddDetail(patient * DetailsAtMost + details++, patient, visit, 32037, on, ward, provider);
        }
        if (details < DetailsAtMost) rows.AddDetail(patient * DetailsAtMost + details++, patient, visit, 9201, ward, end, provider);
    }

    void Follow(long visit, int on, int second, int provider, ChronicIllness illness)
    {
        if (illness.Drugs.Length > 0 && chance.Hits(.8)) Prescribe(visit, on, 30 * (1 + chance.Below(3)), provider, Catalogue.Drugs[illness.Drugs[chance.Below(illness.Drugs.Length)]]);
        foreach (var lab in illness.Labs)
            if (chance.Hits(.7)) Measure(visit, on, second, provider, Catalogue.Labs[lab]);
    }

    SynthCode Diagnose(long visit, int on, int second, int provider, Complaint complaint, bool primary)
    {
        var what = complaint.Codes[chance.Zipf(complaint.Codes.Length)];
        if (conditionRows >= ConditionsAtMost) return what;
        rows.AddCondition(patient * ConditionsAtMost + conditionRows++, patient, visit, on, second, provider, what, primary);
        conditions.Add((what.Standard.Id, on, on));
        return what;
    }

    void Prescribe(long visit, int on, int days, int provider, Substance what)
    {
        if (drugRows >= DrugsAtMost) return;
        rows.AddDrug(patient * DrugsAtMost + drugRows++, patient, visit, on, days, last, provider, what.Atc, what.Products[chance.Zipf(what.Products.Length)], chance.Hits(.4));
        drugs.Add((what.Ingredient.Id, on, Math.Min(on + days - 1, last)));
        lastDrug = what.Ingredient.French;
    }

    void Do(long visit, int on, int provider, SynthCode what)
    {
        if (procedureRows < ProceduresAtMost) rows.AddProcedure(patient * ProceduresAtMost + procedureRows++, patient, visit, on, provider, what);
    }

    void Measure(long visit, int on, int second, int provider, LabTest what, double more = 0)
    {
        if (measurementRows >= MeasurementsAtMost) return;
        var mean = what.Mean + more;
        foreach (var (illness, shift) in what.Shifts)
            if (ill[illness] && onset[illness] <= on) mean += shift;
        rows.AddMeasurement(patient * MeasurementsAtMost + measurementRows++, patient, visit, on, second, provider, what, chance.Normal(mean, what.Deviation));
    }

    void Write(long visit, int on, int provider, SynthCode main, int age, bool inpatient)
    {
        note.Clear().Append(inpatient ? "COMPTE RENDU D'HOSPITALISATION\n" : "COURRIER DE CONSULTATION\n").Append(woman ? "Mme " : "M. ").Append(surname).Append(' ').Append(forename).Append(", ").Append(age).Append(" ans, ")
            .Append(inpatient ? woman ? "hospitalisée" : "hospitalisé" : woman ? "vue ce jour" : "vu ce jour").Append(" pour : ").Append(main.French).Append(".\n");
        var history = false;
        for (var i = 0; i < ill.Length; i++)
            if (ill[i] && onset[i] <= on)
            {
                note.Append(history ? ", " : "Antécédents : ").Append(Catalogue.Illnesses[i].Condition.Concept.French);
                history = true;
            }
        note.Append(history ? ".\n" : "Pas d'antécédent notable.\n").Append(Examinations[chance.Below(Examinations.Length)]).Append('\n');
        if (lastDrug.Length > 0) note.Append(inpatient ? "Traitement de sortie : " : "Traitement en cours : ").Append(lastDrug).Append(".\n");
        note.Append(Conclusions[chance.Below(Conclusions.Length)]);
        rows.Note.Int64("note_id").Append(patient * VisitsAtMost + notes++);
        rows.Note.Int64("person_id").Append(patient);
        rows.Note.Int64("visit_occurrence_id").Append(visit);
        rows.Note.Int64("provider_id").Append(provider);
        StoryRows.Append(noteInts, on, 32831, 0, 32678, 4180190);
        rows.Note.Text("note_title").Append(inpatient ? "Compte rendu d'hospitalisation"u8 : "Courrier de consultation"u8);
        var text = rows.Note.Text("note_text");
        if (note.Length > written.Length) written = new char[2 * note.Length];
        note.CopyTo(0, written, note.Length);
        Text(text, written.AsSpan(0, note.Length));
    }

    char[] written = new char[2048];

    static readonly string[] Surnames = ["MARTIN", "BERNARD", "THOMAS", "PETIT", "ROBERT", "RICHARD", "DURAND", "DUBOIS", "MOREAU", "LAURENT", "SIMON", "MICHEL", "LEFEBVRE", "LEROY", "ROUX", "DAVID", "BERTRAND", "MOREL", "FOURNIER", "GIRARD"];
    static readonly string[] WomenNames = ["Marie", "Jeanne", "Françoise", "Monique", "Catherine", "Nathalie", "Isabelle", "Sylvie", "Camille", "Léa", "Chloé", "Fatima", "Inès", "Hélène"];
    static readonly string[] MenNames = ["Jean", "Pierre", "Michel", "André", "Philippe", "Alain", "Nicolas", "Christophe", "Thomas", "Lucas", "Hugo", "Mohamed", "Rachid", "Étienne"];

    static readonly string[] Examinations =
    [
        "Examen clinique sans particularité.", "À l'examen, patient conscient et orienté, auscultation cardiopulmonaire claire.", "Pas de fièvre, pas de dyspnée, abdomen souple.", "Constantes stables, pas de signe de gravité.",
        "Douleur cotée 3 sur 10, mobilités conservées.", "Pas de déficit sensitif ni moteur. Pas d'œdème des membres inférieurs.",
    ];

    static readonly string[] Conclusions =
    [
        "Évolution favorable, suivi par le médecin traitant.", "Contrôle prévu dans trois mois avec bilan biologique.", "Retour à domicile, ordonnance remise.", "À revoir si persistance des symptômes ; conseils donnés.",
        "Poursuite du traitement sans changement.", "Consultation de contrôle dans six semaines.",
    ];

    /// <summary>Eras as OMOP derives them: the same concept without a gap of more than 30 days.</summary>
    void Eras()
    {
        var number = 0;
        foreach (var (concept, start, end, count, _) in Merge(conditions))
        {
            if (number >= ErasAtMost) break;
            rows.ConditionEra.Int64("condition_era_id").Append(patient * ErasAtMost + number++);
            rows.ConditionEra.Int64("person_id").Append(patient);
            StoryRows.Append(conditionEraInts, concept, start, end, count);
        }
        number = 0;
        foreach (var (concept, start, end, count, gap) in Merge(drugs))
        {
            if (number >= ErasAtMost) break;
            rows.DrugEra.Int64("drug_era_id").Append(patient * ErasAtMost + number++);
            rows.DrugEra.Int64("person_id").Append(patient);
            StoryRows.Append(drugEraInts, concept, start, end, count, gap);
        }
    }

    static IEnumerable<(int Concept, int Start, int End, int Count, int Gap)> Merge(List<(int Concept, int Start, int End)> events)
    {
        events.Sort();
        for (var at = 0; at < events.Count;)
        {
            var (concept, start, end) = events[at];
            int count = 1, gap = 0;
            for (at++; at < events.Count && events[at].Concept == concept && events[at].Start <= end + 30; at++, count++)
            {
                gap += Math.Max(0, events[at].Start - end - 1);
                end = Math.Max(end, events[at].End);
            }
            yield return (concept, start, end, count, gap);
        }
    }

    static void Text(TextColumn to, ReadOnlySpan<char> text)
    {
        Span<byte> utf8 = stackalloc byte[4096];
        if (Encoding.UTF8.TryGetBytes(text, utf8, out var length)) to.Append(utf8[..length]);
        else to.Append(text.ToString());
    }
}
