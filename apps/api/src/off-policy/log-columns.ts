import type { Context } from '#experiments';
import type { LoggedRows } from '#policies';
import { Numbering } from '../persistence/numbering.js';
import { ContextColumns } from './context-columns.js';

/** Largest rows * actions for which actions are told apart by id; above it, by their place among the candidates. */
const MOST_CELLS = 10_000_000;
/** One logged decision with its reward, and what the candidate would have done. */
export interface ColumnRow {
  readonly unitId: string;
  readonly context: Context;
  readonly candidates: readonly string[];
  readonly action: string;
  readonly propensity: number;
  readonly reward: number;
  /** The logged distribution over the candidates; null where it was not recorded. */
  readonly probabilities: readonly number[] | null;
  /** The candidate's distribution over the candidates. */
  readonly target: Float64Array;
  readonly explored: boolean;
  readonly rewarded: boolean;
  /** What guardrails are about, in their order. */
  readonly signals: readonly number[];
}

export interface EvaluationInput {
  readonly rows: LoggedRows;
  readonly target: Float64Array;
  /** Names of the actions by number; empty where they are told apart by place. */
  readonly actions: readonly string[];
  readonly features: readonly string[];
  /** By guardrail, one number per row. */
  readonly signals: readonly Float64Array[];
}

interface Kept {
  readonly ids: Uint32Array;
  readonly served: number;
  readonly target: Float64Array;
  readonly behaviour: Float64Array | null;
}

/** Collects rows, and lays them out as columns for `evaluateOffPolicy`. */
export class LogColumns {
  private readonly actions = new Numbering();
  private readonly units = new Numbering();
  private readonly contexts = new ContextColumns();
  private readonly kept: Kept[] = [];
  private readonly unit: number[] = [];
  private readonly propensity: number[] = [];
  private readonly reward: number[] = [];
  private readonly flags: { readonly explored: number[]; readonly rewarded: number[] } = {
    explored: [],
    rewarded: [],
  };
  private readonly signals: number[][] = [];
  private most = 0;

  get length(): number {
    return this.kept.length;
  }

  get explored(): number {
    return this.flags.explored.reduce((sum, one) => sum + one, 0);
  }

  add(row: ColumnRow): void {
    const ids = Uint32Array.from(row.candidates, (id) => this.actions.of(id));
    this.contexts.add(row.context);
    const recorded = row.probabilities?.length === row.candidates.length;
    this.kept.push({
      ids,
      served: row.candidates.indexOf(row.action),
      target: row.target,
      behaviour: recorded ? Float64Array.from(row.probabilities as readonly number[]) : null,
    });
    this.unit.push(this.units.of(row.unitId));
    this.propensity.push(row.propensity);
    this.reward.push(row.reward);
    this.flags.explored.push(Number(row.explored));
    this.flags.rewarded.push(Number(row.rewarded));
    row.signals.forEach((value, j) => (this.signals[j] ??= []).push(value));
    this.most = Math.max(this.most, ids.length);
  }

  done(): EvaluationInput {
    const n = this.length;
    const byId = n * this.actions.names.length <= MOST_CELLS;
    const width = byId ? this.actions.names.length : this.most;
    const recorded = this.kept.every(({ behaviour }) => behaviour !== null);
    const target = new Float64Array(n * width);
    const behaviour = new Float64Array(recorded ? n * width : 0);
    const action = new Uint32Array(n);
    for (const [i, row] of this.kept.entries()) {
      const numberOf = (place: number): number => (byId ? (row.ids[place] as number) : place);
      action[i] = numberOf(row.served);
      for (let place = 0; place < row.ids.length; place++) {
        const cell = i * width + numberOf(place);
        target[cell] = row.target[place] as number;
        if (recorded) behaviour[cell] = row.behaviour?.[place] as number;
      }
    }
    const { names, context } = this.contexts.done();
    return {
      rows: {
        actions: width,
        action,
        propensity: Float64Array.from(this.propensity),
        reward: Float64Array.from(this.reward),
        unit: Uint32Array.from(this.unit),
        explored: Uint8Array.from(this.flags.explored),
        rewarded: Uint8Array.from(this.flags.rewarded),
        ...(recorded ? { behaviour } : {}),
        ...(context ? { context } : {}),
      },
      target,
      actions: byId ? this.actions.names : [],
      features: names,
      signals: this.signals.map((values) => Float64Array.from(values)),
    };
  }
}
