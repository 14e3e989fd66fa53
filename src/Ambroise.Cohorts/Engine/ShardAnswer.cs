namespace Ambroise.Cohorts.Engine;

/// <summary>What one shard answers. Answers merge by adding: patients are whole in a shard.</summary>
/// <param name="Rows">Empty where only counts were asked for.</param>
/// <param name="EventMasks">Qualified events by the rules they pass, bit r for rule r.</param>
/// <param name="BestMasks">The same for each patient's best event: most rules, then earliest first rule, then earliest event.</param>
/// <param name="Remaining">Patients with an event that passes every rule up to each.</param>
/// <param name="CriterionPatients">Patients with an event of each criterion, by its ordinal.</param>
sealed record ShardAnswer(List<CohortRow> Rows, int Records, int Patients, int Entered, Dictionary<ulong, long> EventMasks, Dictionary<ulong, long> BestMasks, int[] Remaining, int[] CriterionPatients);
