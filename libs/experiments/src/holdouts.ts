import { BUCKETS, bucketIndex, digestSalt } from './hash.js';
import { compileCondition, type ConditionSources, type Predicate } from './targeting.js';
import type { Assignment, AssignmentStep, Context, Experiment, Holdout } from './vocabulary.js';

export interface CompiledHoldout {
  readonly holdout: Holdout;
  readonly digest: number;
  /** Null: it withholds every experiment. */
  readonly tags: ReadonlySet<string> | null;
  readonly except: Predicate | null;
  readonly answer: Assignment;
}

/** The enabled holdouts that cover a surface, in their order. */
export function compileHoldouts(
  holdouts: readonly Holdout[],
  surface: string,
  sources: ConditionSources,
  answer: (holdout: string) => Assignment,
): CompiledHoldout[] {
  return holdouts
    .filter(({ enabled, surfaces }) => enabled && (surfaces === null || surfaces.includes(surface)))
    .map((holdout) => ({
      holdout,
      digest: digestSalt(holdout.salt),
      tags: holdout.tags ? new Set(holdout.tags) : null,
      except: holdout.except ? compileCondition(holdout.except, sources) : null,
      answer: answer(holdout.key),
    }));
}

/**
 * The holdout that a unit belongs to: the first without tags, else the first with tags. Membership depends on the unit
 * alone (and on the exception), never on what runs, so that both sides of it can be compared.
 * @param idOf the unit's id of a type; null where the request does not know it.
 */
export function findHoldout(
  holdouts: readonly CompiledHoldout[],
  idOf: (unitType: string) => string | null,
  { unit, context }: { readonly unit: { readonly unitId: string }; readonly context: Context },
  trace: AssignmentStep[] | null,
): CompiledHoldout | null {
  let tagged: CompiledHoldout | null = null;
  for (const compiled of holdouts) {
    const { holdout, digest, tags, except } = compiled;
    const unitId = idOf(holdout.unitType);
    if (unitId === null) continue;
    const n = bucketIndex(digest, unitId) / BUCKETS;
    const inside = n < holdout.share;
    const spared = inside && except !== null && except(context, unit.unitId);
    trace?.push(stepOf(holdout, n, inside, spared));
    if (!inside || spared) continue;
    if (tags === null) return compiled;
    tagged ??= compiled;
  }
  return tagged;
}

function stepOf(holdout: Holdout, n: number, inside: boolean, spared: boolean): AssignmentStep {
  return {
    step: 'holdout',
    experiment: null,
    passed: !inside || spared,
    bucket: n,
    detail: `${n} is ${inside ? 'inside' : 'outside'} the holdout "${holdout.key}" [0, ${holdout.share})${spared ? ', which its exception spares' : ''}`,
  };
}

/** Whether a holdout takes this experiment away from its units. */
export function withholds(
  { tags, holdout }: CompiledHoldout,
  experiment: Experiment,
  trace: AssignmentStep[] | null,
): boolean {
  const tag = tags === null ? '' : experiment.tags?.find((own) => tags.has(own));
  if (tag === undefined) return false;
  trace?.push({
    step: 'holdout',
    experiment: experiment.key,
    passed: false,
    bucket: null,
    detail: `the holdout "${holdout.key}" withholds experiments tagged "${tag}"`,
  });
  return true;
}
