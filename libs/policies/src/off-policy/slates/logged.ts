import { DomainError } from '#experiments';
import type { LoggedRows } from '../contract.js';
import type { Support } from '../diagnostics.js';
import type { SlateRows } from './contract.js';

/** Stands for the action of a slot that a shorter slate does not have. */
export const NO_ACTION = 0xffffffff;

/**
 * Logged slates in columns. Tables are n * slots, row by row. A slate that is shorter than `slots` ends with slots of
 * action NO_ACTION, propensity 1 and reward 0.
 */
export interface LoggedSlates {
  readonly n: number;
  readonly slots: number;
  /** Number of actions K; they are numbered 0 to K - 1. */
  readonly actions: number;
  /** The action served at each slot. */
  readonly action: Uint32Array;
  /** Probability of that action there, given the ones above; in (0, 1]. */
  readonly propensity: Float64Array;
  /** Reward of each slot; 0 where nobody looked. */
  readonly reward: Float64Array;
  /** Number of the unit of each slate. Absent: every slate is a unit of its own. */
  readonly unit?: Uint32Array;
  /** Numeric features of the request, n * width, for reward models. */
  readonly context?: LoggedRows['context'];
  /**
   * Candidate's probability of the served action to stand at its slot, whatever stands elsewhere, over the log's; what
   * independent IPS needs. 1 for NO_ACTION.
   */
  readonly slotWeight?: Float64Array;
  /** One per slate, from pseudoInverseWeights. */
  readonly pseudoWeight?: Float64Array;
  /** As LoggedRows has them, one per slate. */
  readonly explored?: LoggedRows['explored'];
  readonly rewarded?: LoggedRows['rewarded'];
  /** What is known of slates that were not served. */
  readonly support: Omit<Support, 'unseenActions'>;
}

const SUM_TOLERANCE = 1e-6;

/**
 * Weights of logged slates under a candidate.
 * @param target the candidate's distribution at every slot given the actions above it in the log, n * slots * K; every
 *   slot sums to 1, or is 0 throughout where the candidate has nothing left to serve.
 * @throws DomainError `invalid_log` naming the row and what is allowed.
 */
export function slateRowsOf(log: LoggedSlates, target: Float64Array): SlateRows {
  checkLengths(log, target);
  const { n, slots, actions, reward, unit, slotWeight, pseudoWeight } = log;
  const prefixWeight = new Float64Array(n * slots);
  for (let i = 0; i < n; i++) {
    let so = 1;
    for (let k = 0; k < slots; k++) {
      const at = i * slots + k;
      const action = log.action[at] as number;
      if (action !== NO_ACTION) {
        checkSlot(log, target, i, k);
        so *= (target[at * actions + action] as number) / (log.propensity[at] as number);
      }
      prefixWeight[at] = so;
    }
  }
  return {
    n,
    slots,
    reward,
    prefixWeight,
    ...(slotWeight ? { slotWeight } : {}),
    ...(pseudoWeight ? { pseudoWeight } : {}),
    ...(unit ? { unit } : {}),
  };
}

const refuse = (message: string): never => {
  throw new DomainError('invalid_log', message);
};

function checkSlot(
  { slots, actions, action, propensity }: LoggedSlates,
  target: Float64Array,
  i: number,
  k: number,
): void {
  const at = i * slots + k;
  const where = `slate ${i}, slot ${k}`;
  if (!((action[at] as number) < actions)) refuse(`${where}: action must be below ${actions}`);
  const p = propensity[at] as number;
  if (!(p > 0 && p <= 1)) refuse(`${where}: propensity ${p} must be above 0 and at most 1`);
  let sum = 0;
  for (let a = at * actions; a < (at + 1) * actions; a++) {
    if (!((target[a] as number) >= 0)) refuse(`${where}: target probabilities must be at least 0`);
    sum += target[a] as number;
  }
  if (sum !== 0 && !(Math.abs(sum - 1) <= SUM_TOLERANCE))
    refuse(`${where}: target probabilities sum to ${sum}, not 1`);
}

function checkLengths(log: LoggedSlates, target: Float64Array): void {
  const { n, slots, explored, rewarded } = log;
  const flags = Object.entries({ explored, rewarded }).flatMap(([name, of]) =>
    of ? [[name, of.length, n] as const] : [],
  );
  const lengths: readonly (readonly [string, number | undefined, number])[] = [
    ['action', log.action.length, n * slots],
    ['propensity', log.propensity.length, n * slots],
    ['reward', log.reward.length, n * slots],
    ['target', target.length, n * slots * log.actions],
    ['unit', log.unit?.length, n],
    ['context', log.context?.values.length, n * (log.context?.width ?? 0)],
    ['slotWeight', log.slotWeight?.length, n * slots],
    ['pseudoWeight', log.pseudoWeight?.length, n],
    ...flags,
  ];
  if (n < 2) refuse('an evaluation needs at least 2 slates');
  for (const [name, length, wanted] of lengths) {
    if (length !== undefined && length !== wanted)
      refuse(`${name} has ${length} numbers, ${wanted} are needed for ${n} slates`);
  }
  checkFinite(log);
}

function checkFinite({ reward, slotWeight, pseudoWeight }: LoggedSlates): void {
  for (const [name, values] of Object.entries({ reward, slotWeight, pseudoWeight })) {
    if (values && !values.every(Number.isFinite)) refuse(`${name} must hold finite numbers`);
  }
}
