import { createRng } from '#experiments';
import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import { normalQuantile, normalSf } from '../distributions/index.js';

const { abs, floor, sqrt } = Math;

/** One market during one slot of time, as a unit of its own. */
export interface SlotOutcome {
  readonly market: string;
  /** Number of the slot, in the order of time: that of the slot before is one less. */
  readonly slot: number;
  readonly treated: boolean;
  /** Numerator and denominator of the metric in it; the denominator is 1 for all but ratios. */
  readonly y: number;
  readonly d: number;
}

export interface SwitchbackOptions {
  readonly alpha: number;
  /** Draws of the randomisation test. */
  readonly draws: number;
  /** Equal seeds give equal answers. */
  readonly seed: string;
}

/** What the slot before leaves behind: outcomes after a treated slot against those after a control slot, own arm held. */
export interface CarryOver {
  readonly estimate: number;
  readonly standardError: number;
  readonly pValue: number;
  /** Slots whose slot before was one of the two arms too. */
  readonly slots: number;
}

export interface SwitchbackResult {
  readonly control: { readonly slots: number; readonly mean: number };
  readonly treatment: { readonly slots: number; readonly mean: number };
  readonly estimate: number;
  /** Of Newey and West (1987) within markets, which holds also where outcomes of near slots go together. */
  readonly standardError: number;
  readonly lags: number;
  readonly lower: number;
  readonly upper: number;
  /** Share of reassignments with a difference as large; for the hypothesis that no slot is affected at all. */
  readonly randomisationP: number;
  /** null: too few slots follow one of the two arms. */
  readonly carryOver: CarryOver | null;
}

interface Scored extends SlotOutcome {
  /** Deviation from the arm's value, in units of it. */
  readonly residual: number;
}

/** Slots below this in a group say nothing of carry-over. */
const LEAST_SLOTS = 5;

/**
 * A switchback: markets assigned anew in every slot of time. The difference of the arms' values over slots; an interval that
 * allows for correlation between near slots; the randomisation test (Fisher 1935; for switchbacks Bojinov, Simchi-Levi and Zhao
 * 2023), which reassigns arms to slots within each market and needs no model of time; and whether the arm of the slot before
 * still shows, which would bias the difference.
 * @param slots of the two arms that are compared. Not computed: `insufficient_units` (an arm below two slots),
 * `denominator_zero`, `zero_variance`, `not_finite`.
 */
export function switchback(
  slots: readonly SlotOutcome[],
  options: SwitchbackOptions,
): Computed<SwitchbackResult> {
  if (!slots.every(({ y, d }) => Number.isFinite(y) && Number.isFinite(d))) return notComputed('not_finite');
  const [control, treatment] = [armOf(slots, false), armOf(slots, true)];
  if (control.slots < 2 || treatment.slots < 2) return notComputed('insufficient_units');
  if (control.d === 0 || treatment.d === 0) return notComputed('denominator_zero');
  const [a, b] = [control.y / control.d, treatment.y / treatment.d];
  const scored = slots.map((one): Scored => {
    const [value, arm] = one.treated ? [b, treatment] : [a, control];
    return { ...one, residual: (one.y - value * one.d) / (arm.d / arm.slots) };
  });
  const lags = lagsOf(slots);
  const variance = neweyWest(scored, lags, control.slots, treatment.slots);
  if (!(variance > 0)) return notComputed('zero_variance');
  const [estimate, standardError] = [b - a, sqrt(variance)];
  const half = -normalQuantile(options.alpha / 2) * standardError;
  return computed({
    control: { slots: control.slots, mean: a },
    treatment: { slots: treatment.slots, mean: b },
    estimate,
    standardError,
    lags,
    lower: estimate - half,
    upper: estimate + half,
    randomisationP: randomisationTest(slots, abs(estimate), options),
    carryOver: carryOverOf(scored),
  });
}

function armOf(slots: readonly SlotOutcome[], treated: boolean): { slots: number; y: number; d: number } {
  const arm = { slots: 0, y: 0, d: 0 };
  for (const one of slots) {
    if (one.treated !== treated) continue;
    arm.slots++;
    arm.y += one.y;
    arm.d += one.d;
  }
  return arm;
}

/** Newey and West's (1994) rule on the slots of the longest market. */
function lagsOf(slots: readonly SlotOutcome[]): number {
  const lengths = new Map<string, number>();
  for (const { market } of slots) lengths.set(market, (lengths.get(market) ?? 0) + 1);
  return floor(4 * (Math.max(...lengths.values()) / 100) ** (2 / 9));
}

/** Bartlett weights over the distance in time, within markets; never below the variance of independent slots. */
function neweyWest(scored: readonly Scored[], lags: number, controls: number, treatments: number): number {
  const score = ({ treated, residual }: Scored): number => {
    const n = treated ? treatments : controls;
    // n - 1, as in the variance of a mean.
    return ((treated ? 1 : -1) * residual * sqrt(n / (n - 1))) / n;
  };
  const byTime = new Map(scored.map((one) => [`${one.market} ${one.slot}`, score(one)]));
  let [own, across] = [0, 0];
  for (const one of scored) {
    const s = score(one);
    own += s * s;
    for (let lag = 1; lag <= lags; lag++) {
      const before = byTime.get(`${one.market} ${one.slot - lag}`);
      if (before !== undefined) across += 2 * (1 - lag / (lags + 1)) * s * before;
    }
  }
  return Math.max(own, own + across);
}

/** Arms are dealt anew to the slots of each market, as many of each as there were. */
function randomisationTest(
  slots: readonly SlotOutcome[],
  observed: number,
  { draws, seed }: SwitchbackOptions,
): number {
  const rng = createRng(seed);
  const markets = new Map<string, SlotOutcome[]>();
  for (const one of slots) markets.set(one.market, [...(markets.get(one.market) ?? []), one]);
  const labels = [...markets.values()].map((own) => ({ own, treated: own.map(({ treated }) => treated) }));
  let [asLarge, valid] = [0, 0];
  for (let draw = 0; draw < draws; draw++) {
    let [ya, da, yb, db] = [0, 0, 0, 0];
    for (const { own, treated } of labels) {
      for (let i = treated.length - 1; i > 0; i--) {
        const j = floor(rng.uniform() * (i + 1));
        [treated[i], treated[j]] = [treated[j] as boolean, treated[i] as boolean];
      }
      own.forEach(({ y, d }, i) => {
        if (treated[i]) [yb, db] = [yb + y, db + d];
        else [ya, da] = [ya + y, da + d];
      });
    }
    if (da === 0 || db === 0) continue;
    valid++;
    // Half a rounding error of slack: equal reassignments are as large.
    if (abs(yb / db - ya / da) >= observed * (1 - 1e-12)) asLarge++;
  }
  return (1 + asLarge) / (1 + valid);
}

function carryOverOf(scored: readonly Scored[]): CarryOver | null {
  const arms = new Map(scored.map((one) => [`${one.market} ${one.slot}`, one.treated]));
  let [sum, weights, variance, followed] = [0, 0, 0, 0];
  for (const own of [false, true]) {
    const groups: readonly [number[], number[]] = [[], []];
    for (const one of scored) {
      const before = arms.get(`${one.market} ${one.slot - 1}`);
      if (one.treated === own && before !== undefined) groups[before ? 1 : 0].push(one.residual);
    }
    const [after, before] = [spread(groups[1]), spread(groups[0])];
    if (!after || !before) continue;
    const weight = (after.n * before.n) / (after.n + before.n);
    sum += weight * (after.mean - before.mean);
    variance += weight * weight * (after.variance / after.n + before.variance / before.n);
    weights += weight;
    followed += after.n + before.n;
  }
  if (!(weights > 0) || !(variance > 0)) return null;
  const [estimate, standardError] = [sum / weights, sqrt(variance) / weights];
  return { estimate, standardError, pValue: 2 * normalSf(abs(estimate / standardError)), slots: followed };
}

function spread(values: readonly number[]): { n: number; mean: number; variance: number } | null {
  const n = values.length;
  if (n < LEAST_SLOTS) return null;
  const mean = values.reduce((total, value) => total + value, 0) / n;
  return { n, mean, variance: values.reduce((total, value) => total + (value - mean) ** 2, 0) / (n - 1) };
}
