import { hasFewSubsets, marginalPropensity, orderPropensity, slateRule } from '#policies';
import type { SlotRule } from '#policies';
import type { Sql } from '../persistence/database.js';
import type { PolicyRow } from '../policies/policy-row.js';
import { answering } from '../serving/answering.js';
import type { Answering } from '../serving/answering.js';
import { slateOf } from '../serving/decision-view.js';
import { requestOf } from '../serving/replay-decision.js';
import { sampledDecisions } from './audited-sample.js';
import type { SampledDecision } from './audited-sample.js';
import { CategoryTest } from './category-test.js';
import type { ChiSquare } from './category-test.js';

/** One place of the slates that were asked for again. */
export interface SlotLawTest {
  /** 0-based. */
  readonly slot: number;
  /** What stands there, against the probability of each action to stand there. */
  readonly chiSquare: ChiSquare | null;
  /** Its p times the number of places tested (Bonferroni), at most 1. */
  readonly adjusted: number | null;
}

export interface SlotLawFindings {
  /** Slates that were asked for again, and whose propensity as a whole came out as logged. */
  readonly slates: number;
  /** Of them, those with a place whose logged propensity is not the probability of what stands there. */
  readonly mismatched: number;
  readonly slots: readonly SlotLawTest[];
  /** The least adjusted p; null where no place could be tested. */
  readonly least: number | null;
}

/** Slates that one audit asks for again, and how long it may take. */
const SLATES = 500;
const MOST_MS = 10_000;
const MOST_SLOTS = 20;
/** Actions tested by name in each place; all later ones share a category. */
const MOST_ACTIONS = 24;
const TOLERANCE = 1e-9;

/**
 * Asks for a sample of logged slates again and holds each place against the law of the version that made it: the logged
 * propensity of a place must be the conditional probability of what stands there given those above, and over all slates
 * each action must stand in a place as often as its marginal probability says. A log that has the right product with wrong
 * factors, which no look at the record alone can see, is found by the first; draws that do not follow what is
 * logged by the second. Where marginals are too many to add up, the test takes the conditional probabilities.
 */
export async function auditSlots(db: Sql, policy: PolicyRow, from: Date, to: Date): Promise<SlotLawFindings> {
  const laws = new SlotLaws();
  const begun = performance.now();
  const sampling = { from, to, kinds: ['slate'], most: SLATES } as const;
  for await (const decision of sampledDecisions(db, policy, sampling)) {
    laws.add(decision);
    if (performance.now() - begun > MOST_MS) break;
  }
  return laws.result();
}

class SlotLaws {
  private slates = 0;
  private mismatched = 0;
  private readonly seeds = new Set<string>();
  private readonly slots: Slot[] = [];
  private readonly answers = new Map<string, Answering>();

  add({ row, inputs }: SampledDecision): void {
    const placed = slateOf(row.chosen);
    const order = placed.map(({ id }) => row.candidates.indexOf(id));
    // Of draws with one seed only the first is a draw.
    if (order.length === 0 || order.includes(-1) || this.seeds.has(row.seed)) return;
    this.seeds.add(row.seed);
    const count = row.candidates.length;
    try {
      const { policy } = this.answersTo(row, inputs);
      const law = slateRule(
        policy.compiled,
        requestOf(row, inputs.items),
        policy.exploration,
        policy.config.floor,
      );
      const { conditional, prefix } = orderPropensity(law, count, order);
      // Another law than that of then: replays count it, and it says nothing about what was drawn.
      if (!isClose(prefix.at(-1) as number, row.propensity)) return;
      this.slates += 1;
      if (placed.some(({ propensity }, k) => !isClose(conditional[k] as number, propensity)))
        this.mismatched += 1;
      this.count(law, row.candidates, order);
    } catch {
      // Replays count what cannot be asked again.
    }
  }

  result(): SlotLawFindings {
    const tests = this.slots.map((slot) => slot.test.result());
    const tested = tests.filter((one) => one !== null).length;
    const slots = tests.map((chiSquare, slot) => ({
      slot,
      chiSquare,
      adjusted: chiSquare && Math.min(1, tested * chiSquare.p),
    }));
    const all = slots.flatMap(({ adjusted }) => (adjusted === null ? [] : [adjusted]));
    return {
      slates: this.slates,
      mismatched: this.mismatched,
      slots,
      least: all.length === 0 ? null : Math.min(...all),
    };
  }

  private count(law: SlotRule, candidates: readonly string[], order: readonly number[]): void {
    const length = Math.min(order.length, MOST_SLOTS);
    const rows = lawsOf(law, candidates.length, order.slice(0, length));
    rows.forEach((row, k) => (this.slots[k] ??= new Slot()).add(candidates, row, order[k] as number));
  }

  private answersTo(row: SampledDecision['row'], { config, snapshot }: SampledDecision['inputs']): Answering {
    const key = `${row.policy_version} ${row.slice ?? ''}`;
    let known = this.answers.get(key);
    if (!known) {
      if (this.answers.size >= 4) this.answers.clear();
      this.answers.set(key, (known = answering(config, snapshot, { slice: row.slice })));
    }
    return known;
  }
}

/** Per place, the probability of each action to stand there: whatever stands above where that can be added up. */
function lawsOf(law: SlotRule, count: number, order: readonly number[]): readonly Float64Array[] {
  if (hasFewSubsets(count, order.length)) return marginalPropensity(law, count, order.length).bySlot;
  const taken = new Uint8Array(count);
  return order.map((index, k) => {
    const slot = new Float64Array(count);
    law(taken, slot, k);
    taken[index] = 1;
    return slot;
  });
}

class Slot {
  readonly test = new CategoryTest(MOST_ACTIONS + 1);
  private readonly actions = new Map<string, number>();

  add(candidates: readonly string[], law: Float64Array, drawn: number): void {
    const q = new Map<number, number>();
    law.forEach((p, i) => {
      if (p === 0) return;
      const category = this.categoryOf(candidates[i] as string);
      q.set(category, (q.get(category) ?? 0) + p);
    });
    this.test.add(q, this.categoryOf(candidates[drawn] as string));
  }

  private categoryOf(action: string): number {
    let known = this.actions.get(action);
    if (known === undefined) {
      if (this.actions.size >= MOST_ACTIONS) return MOST_ACTIONS;
      known = this.actions.size;
      this.actions.set(action, known);
    }
    return known;
  }
}

const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= TOLERANCE * Math.max(a, b);
