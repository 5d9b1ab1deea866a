import type { Rng } from '#experiments';
import { enumerateSlates, prefixProbabilities, pseudoInverseWeights, slotMarginals } from '#policies';
import type { SlateRows } from '#policies';
import type { SlateDocument } from './slate.js';

/** Fills in the probability of each item for a slot, given those taken. */
type Rule = Parameters<typeof enumerateSlates>[0];

const LEAST = 0.01;
const MOST = 0.95;
const clip = (p: number): number => Math.min(MOST, Math.max(LEAST, p));

/** What of one context is the same for all its rows. */
interface ContextLaw {
  readonly logged: Rule;
  readonly target: Rule;
  readonly loggedMarginals: Float64Array;
  readonly targetMarginals: Float64Array;
  readonly pseudo: Float64Array;
  /** Expected reward from a slot on without interactions, by the items that were taken before. */
  readonly future: Map<string, Float64Array>;
}

/** Plackett-Luce policies over clicks that depend on slot, item and the items above. */
export class SlateWorld {
  private readonly laws: readonly ContextLaw[];

  constructor(
    private readonly reference: SlateDocument,
    compile: (logits: readonly number[]) => Rule,
  ) {
    const { n_items: items, n_slots: slots } = reference;
    this.laws = reference.behaviour_logits.map((logits, c) => {
      const logged = compile(logits);
      const target = compile(reference.evaluation_logits[c] as number[]);
      return {
        logged,
        target,
        loggedMarginals: slotMarginals(logged, items, slots),
        targetMarginals: slotMarginals(target, items, slots),
        pseudo: pseudoInverseWeights(logged, target, items, slots),
        future: new Map<string, Float64Array>(),
      };
    });
  }

  /** P(click) at a slot, given the items above. */
  private click(c: number, slate: ArrayLike<number>, k: number): number {
    const { base, inter, slot } = this.reference;
    const a = slate[k] as number;
    let sum = base[c]?.[a] as number;
    for (let j = 0; j < k; j++) sum += inter[a]?.[slate[j] as number] as number;
    return clip((slot[k] as number) * sum);
  }

  /** Expected clicks of a policy, contexts being equally likely. */
  trueValue(policy: 'logged' | 'target'): number {
    const { n_items: items, n_slots: slots } = this.reference;
    let value = 0;
    this.laws.forEach((law, c) =>
      enumerateSlates(law[policy], items, slots, (slate, prefix) => {
        let clicks = 0;
        for (let k = 0; k < slots; k++) clicks += this.click(c, slate, k);
        value += (prefix[slots - 1] as number) * clicks;
      }),
    );
    return value / this.laws.length;
  }

  /** Q of every item at slot k: its own reward without interactions and what follows under the target. */
  private values(c: number, taken: Uint8Array, k: number): { q: Float64Array; expected: number } {
    const { n_items: items, n_slots: slots, base, slot } = this.reference;
    const law = this.laws[c] as ContextLaw;
    const key = taken.join('');
    let q = law.future.get(key);
    if (!q) {
      q = new Float64Array(items);
      for (let a = 0; a < items; a++) {
        if (taken[a] === 1) continue;
        q[a] = clip((slot[k] as number) * (base[c]?.[a] as number));
        if (k === slots - 1) continue;
        taken[a] = 1;
        q[a] = (q[a] as number) + this.values(c, taken, k + 1).expected;
        taken[a] = 0;
      }
      law.future.set(key, q);
    }
    const p = new Float64Array(items);
    law.target(taken, p, k);
    return { q, expected: p.reduce((sum, share, a) => sum + share * ((q as Float64Array)[a] as number), 0) };
  }

  /** Columns of a log, with weights and baselines. */
  rows(context: readonly number[], slates: readonly number[][], clicks: readonly number[][]): SlateRows {
    const { n_items: items, n_slots: slots } = this.reference;
    const n = slates.length;
    const empty = () => new Float64Array(n * slots);
    const rows = {
      n,
      slots,
      reward: Float64Array.from(clicks.flat()),
      prefixWeight: empty(),
      slotWeight: empty(),
      pseudoWeight: new Float64Array(n),
      baseline: { predicted: empty(), expected: empty() },
    };
    for (let i = 0; i < n; i++) {
      const c = context[i] as number;
      const law = this.laws[c] as ContextLaw;
      const slate = slates[i] as number[];
      const logged = prefixProbabilities(law.logged, items, slate);
      const target = prefixProbabilities(law.target, items, slate);
      const taken = new Uint8Array(items);
      for (let k = 0; k < slots; k++) {
        const at = i * slots + k;
        const pair = k * items + (slate[k] as number);
        rows.prefixWeight[at] = (target[k] as number) / (logged[k] as number);
        rows.slotWeight[at] = (law.targetMarginals[pair] as number) / (law.loggedMarginals[pair] as number);
        rows.pseudoWeight[i] = (rows.pseudoWeight[i] as number) + (law.pseudo[pair] as number);
        const { q, expected } = this.values(c, taken, k);
        rows.baseline.predicted[at] = q[slate[k] as number] as number;
        rows.baseline.expected[at] = expected;
        taken[slate[k] as number] = 1;
      }
    }
    return rows;
  }

  /** A fresh log of the logging policy. */
  play(n: number, rng: Rng): { context: number[]; items: number[][]; clicks: number[][] } {
    const { n_items: items, n_slots: slots } = this.reference;
    const log = { context: [] as number[], items: [] as number[][], clicks: [] as number[][] };
    const p = new Float64Array(items);
    for (let i = 0; i < n; i++) {
      const c = rng.below(this.laws.length);
      const taken = new Uint8Array(items);
      const slate: number[] = [];
      for (let k = 0; k < slots; k++) {
        (this.laws[c] as ContextLaw).logged(taken, p, k);
        let u = rng.uniform();
        let a = 0;
        while (a < items - 1 && (u -= p[a] as number) >= 0) a++;
        while (taken[a] === 1) a--;
        taken[a] = 1;
        slate.push(a);
      }
      log.context.push(c);
      log.items.push(slate);
      log.clicks.push(slate.map((_, k) => (rng.uniform() < this.click(c, slate, k) ? 1 : 0)));
    }
    return log;
  }
}
