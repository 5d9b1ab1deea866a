import { estimatorRegistry, fromValues, logBeta, logGamma } from '#metrics';
import type { Moments } from '#metrics';
import { AliasTable } from '../alias-table.js';
import { hasProbability, mustFail } from '../claim.js';
import type { Claim } from '../claim.js';
import type { Sampler } from '../sampler.js';
import { ALPHA, MEAN, Z, rejects } from './common.js';

const UNITS = 500;
const EXTRA_EVENTS = 4;
const MOST_EVENTS = 40;
const [A, B] = [2, 8];

/** Events and hits of a unit: 1 + Poisson(4) events, of which a share drawn from Beta(2, 8) are hits. */
class UnitTable {
  private readonly events: number[] = [];
  private readonly hits: number[] = [];
  private readonly table: AliasTable;

  constructor() {
    const weights: number[] = [];
    for (let n = 1; n <= MOST_EVENTS; n++) {
      const poisson = (n - 1) * Math.log(EXTRA_EVENTS) - EXTRA_EVENTS - logGamma(n);
      for (let k = 0; k <= n; k++) {
        const choose = logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
        this.events.push(n);
        this.hits.push(k);
        weights.push(Math.exp(poisson + choose + logBeta(k + A, n - k + B) - logBeta(A, B)));
      }
    }
    this.table = new AliasTable(weights);
  }

  arm(sampler: Sampler): Moments {
    const y = new Float64Array(UNITS);
    const d = new Float64Array(UNITS);
    for (let i = 0; i < UNITS; i++) {
      const cell = this.table.draw(sampler);
      y[i] = this.hits[cell] as number;
      d[i] = this.events[cell] as number;
    }
    return fromValues(y, d);
  }
}

/** The mistake: every event as if it were a unit of its own. */
function eventLevelRejects(a: Moments, b: Moments): boolean {
  const share = (m: Moments) => ({ p: m.mean[0] / m.mean[1], n: m.n * m.mean[1] });
  const [x, y] = [share(a), share(b)];
  return Math.abs(y.p - x.p) > Z * Math.sqrt((x.p * (1 - x.p)) / x.n + (y.p * (1 - y.p)) / y.n);
}

export const ratioClaim: Claim = {
  key: 'ratio',
  title: 'Ratio, delta method, type I',
  design: 'A/A, 500 units an arm, 1 + Poisson(4) events, Beta(2, 8) rate per unit',
  runs: 20_000,
  shortRuns: 2000,
  simulate(sampler, runs, tally) {
    const welch = estimatorRegistry.get('welch');
    const table = new UnitTable();
    for (let i = 0; i < runs; i++) {
      const [control, treatment] = [table.arm(sampler), table.arm(sampler)];
      tally.add('delta', rejects(welch.compare(control, treatment, { ...MEAN, kind: 'ratio' })));
      tally.add('events', eventLevelRejects(control, treatment));
    }
  },
  checks: [
    hasProbability('delta', 'delta method', ALPHA),
    mustFail(hasProbability('events', 'events as units', ALPHA)),
  ],
};
