import type { Arm, Assignment, AssignmentStep, Experiment } from './vocabulary.js';

/**
 * Units of an experiment that keep the arm they entered with, although its allocation or targeting has changed since.
 * Kept in storage only for those whom the hash alone would now give another answer.
 */
export interface KeptUnits {
  readonly experiment: string;
  readonly arm: string;
  /** Probability of the arm in the phase in which they entered. */
  readonly armPropensity: number;
  /** Ids as they are hashed: of units, or of clusters where those are assigned. */
  readonly units: readonly string[];
}

export interface KeptAnswers {
  /** @param hashed id of the unit, or of its cluster. */
  find(hashed: string, trace: AssignmentStep[] | null): Assignment | undefined;
}

/** Answers by what is hashed; null where the experiment keeps nobody. Units of an arm that is no longer there are left out. */
export function compileKept(
  experiment: Experiment,
  kept: readonly KeptUnits[],
  answer: (arm: Arm, armPropensity: number) => Assignment,
): KeptAnswers | null {
  const answers = new Map<string, Assignment>();
  for (const group of kept) {
    if (group.experiment !== experiment.key) continue;
    const arm = experiment.arms.find(({ key }) => key === group.arm);
    if (!arm) continue;
    const given = answer(arm, group.armPropensity);
    for (const unit of group.units) answers.set(unit, given);
  }
  if (answers.size === 0) return null;
  return {
    find(hashed, trace) {
      const found = answers.get(hashed);
      if (found && trace) {
        const detail = `the unit keeps arm "${found.arm?.key ?? ''}", with which it entered before a change`;
        trace.push({ step: 'kept', experiment: experiment.key, passed: true, bucket: null, detail });
      }
      return found;
    },
  };
}
