import type { Context } from '#experiments';
import { NO_ACTION } from '#policies';
import type { LoggedSlates } from '#policies';
import { Numbering } from '../persistence/numbering.js';
import { ContextColumns } from './context-columns.js';

/** Most numbers of candidate distributions, slates * slots * actions, that one evaluation holds. */
export const MOST_SLATE_CELLS = 10_000_000;

/** One logged slate with its rewards, and what the candidate would have done along it. */
export interface SlateRow {
  readonly unitId: string;
  readonly context: Context;
  readonly candidates: readonly string[];
  /** Places of the served actions among the candidates, from the first position on. */
  readonly order: readonly number[];
  /** Probability of each, given the ones above. */
  readonly propensities: readonly number[];
  readonly rewards: readonly number[];
  /** By position: the candidate's distribution over the candidates, given the ones above. */
  readonly target: readonly Float64Array[];
  /** By position: the candidate's over the log's probability of the action to stand there; null where not known. */
  readonly slotWeight: readonly number[] | null;
  readonly pseudoWeight: number | null;
  readonly explored: boolean;
  readonly rewarded: boolean;
  /** What guardrails are about, in their order: one number per position, 0 where nobody looked. */
  readonly signals: readonly (readonly number[])[];
}

export interface SlateInput {
  readonly log: LoggedSlates;
  readonly target: Float64Array;
  /** Names of the actions by number; empty where they are told apart by place. */
  readonly actions: readonly string[];
  readonly features: readonly string[];
  /** By guardrail, one number per position of every slate. */
  readonly signals: readonly Float64Array[];
}

/** Collects slates, and lays them out as columns for `evaluateSlates`. */
export class SlateColumns {
  private readonly names = new Numbering();
  private readonly units = new Numbering();
  private readonly contexts = new ContextColumns();
  private readonly kept: (SlateRow & { readonly ids: Uint32Array })[] = [];
  private readonly unit: number[] = [];

  get explored(): number {
    return this.kept.filter(({ explored }) => explored).length;
  }

  add(row: SlateRow): void {
    this.kept.push({ ...row, ids: Uint32Array.from(row.candidates, (id) => this.names.of(id)) });
    this.unit.push(this.units.of(row.unitId));
    this.contexts.add(row.context);
  }

  /** @param whole what is known for every slate; the rest is left out. */
  done(
    support: LoggedSlates['support'],
    whole: { readonly slotWeight: boolean; readonly pseudoWeight: boolean },
  ): SlateInput {
    const n = this.kept.length;
    const slots = this.kept.reduce((most, { order }) => Math.max(most, order.length), 0);
    const places = this.kept.reduce((most, { ids }) => Math.max(most, ids.length), 0);
    const byId = n * slots * this.names.names.length <= MOST_SLATE_CELLS;
    const actions = byId ? this.names.names.length : places;
    const table = (fill: number): Float64Array => new Float64Array(n * slots).fill(fill);
    const action = new Uint32Array(n * slots).fill(NO_ACTION);
    const [propensity, reward, slotWeight] = [table(1), table(0), table(1)];
    const target = new Float64Array(n * slots * actions);
    const signals: Float64Array[] = [];
    for (const [i, row] of this.kept.entries()) {
      const numberOf = (place: number): number => (byId ? (row.ids[place] as number) : place);
      for (const [k, place] of row.order.entries()) {
        const at = i * slots + k;
        action[at] = numberOf(place);
        propensity[at] = row.propensities[k] as number;
        reward[at] = row.rewards[k] as number;
        slotWeight[at] = row.slotWeight?.[k] ?? 1;
        row.signals.forEach((values, j) => ((signals[j] ??= table(0))[at] = values[k] as number));
        row.target[k]?.forEach((p, j) => (target[at * actions + numberOf(j)] = p));
      }
    }
    const { names, context } = this.contexts.done();
    return {
      log: {
        n,
        slots,
        actions,
        action,
        propensity,
        reward,
        support,
        unit: Uint32Array.from(this.unit),
        explored: Uint8Array.from(this.kept, ({ explored }) => Number(explored)),
        rewarded: Uint8Array.from(this.kept, ({ rewarded }) => Number(rewarded)),
        ...(context ? { context } : {}),
        ...(whole.slotWeight ? { slotWeight } : {}),
        ...(whole.pseudoWeight
          ? { pseudoWeight: Float64Array.from(this.kept, (row) => row.pseudoWeight ?? 0) }
          : {}),
      },
      target,
      actions: byId ? this.names.names : [],
      features: names,
      signals,
    };
  }
}
