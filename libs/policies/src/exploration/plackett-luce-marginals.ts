import { DomainError } from '#experiments';
import { gaussNodes, gaussWeights, NODES } from '../sampling/panels.js';
import { exactly } from './slate-propensity.js';
import type { MarginalPropensity } from './slate-propensity.js';

const PANEL = 0.5;
/** Mass that may be left out at either end. */
const NEGLIGIBLE = 1e-13;
/** Largest spread of scores, in temperatures. */
const MOST_SPREAD = 600;

/**
 * Marginals of Plackett-Luce by its arrival times: sorting score / temperature + Gumbel noise is sorting exponential
 * arrivals with rates w_i = exp(score_i / temperature), so
 * P(i stands at k) = integral of w_i e^(-w_i t) P(k of the others have arrived by t) dt, on Gauss-Legendre panels of the
 * log of time, the number of arrivals by convolution. Cost O(n slots) per node and a few hundred nodes.
 * @param scores finite, within 600 temperatures of each other.
 * @param slots slots to fill, at most the number of scores.
 * @returns absolute error below 1e-9.
 * @throws DomainError `invalid_scores` beyond that spread.
 */
export function plackettLuceMarginals(
  scores: Float64Array,
  temperature: number,
  slots: number,
): MarginalPropensity {
  const count = scores.length;
  const length = Math.min(slots, count);
  const top = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const logs = scores.map((score) => (score - top) / temperature);
  if (!logs.every((log) => log >= -MOST_SPREAD)) {
    throw new DomainError(
      'invalid_scores',
      `scores must lie within ${MOST_SPREAD} temperatures of each other`,
    );
  }
  const rates = logs.map((log) => Math.exp(log));
  const rows = Array.from({ length }, () => new Float64Array(count));
  const arrivals = new Arrivals(rates, length);
  const whole = rates.reduce((sum, rate) => sum + rate, 0);
  for (let start = Math.log(NEGLIGIBLE / whole); ; start += PANEL) {
    for (let k = 0; k < NODES; k++) {
      const time = Math.exp(start + (PANEL / 2) * (1 + (gaussNodes[k] as number)));
      arrivals.addTo(rows, time, (PANEL / 2) * (gaussWeights[k] as number) * time);
    }
    if (arrivals.open < NEGLIGIBLE) break;
  }
  return exactly(rows, 'quadrature');
}

/** Law of the number of arrivals by a time, of all and of all but one. */
class Arrivals {
  /** Probability that fewer than all slots have been filled by the latest time. */
  open = 1;
  private readonly law: Float64Array;
  private readonly without: Float64Array;

  constructor(
    private readonly rates: Float64Array,
    private readonly slots: number,
  ) {
    this.law = new Float64Array(slots);
    this.without = new Float64Array(slots);
  }

  addTo(rows: readonly Float64Array[], time: number, weight: number): void {
    const { rates, slots, law, without } = this;
    this.convolve(law, time, -1);
    this.open = law.reduce((sum, p) => sum + p, 0);
    if (this.open < NEGLIGIBLE) return;
    for (let i = 0; i < rates.length; i++) {
      const rate = rates[i] as number;
      const staying = Math.exp(-rate * time);
      // Taking one out again is stable only while it has most likely not arrived; few others matter at any time.
      if (staying > 0.5) this.takeOut(staying);
      else this.convolve(without, time, i);
      const density = weight * rate * staying;
      for (let k = 0; k < slots; k++) {
        const row = rows[k] as Float64Array;
        row[i] = (row[i] as number) + density * (without[k] as number);
      }
    }
  }

  private convolve(into: Float64Array, time: number, skipped: number): void {
    into.fill(0);
    into[0] = 1;
    for (let j = 0; j < this.rates.length; j++) {
      if (j === skipped) continue;
      const staying = Math.exp(-(this.rates[j] as number) * time);
      const arrived = -Math.expm1(-(this.rates[j] as number) * time);
      for (let k = this.slots - 1; k > 0; k--) {
        into[k] = (into[k] as number) * staying + (into[k - 1] as number) * arrived;
      }
      into[0] = (into[0] as number) * staying;
    }
  }

  private takeOut(staying: number): void {
    const { law, without } = this;
    let before = 0;
    for (let k = 0; k < this.slots; k++) {
      before = Math.max(0, ((law[k] as number) - (1 - staying) * before) / staying);
      without[k] = before;
    }
  }
}
