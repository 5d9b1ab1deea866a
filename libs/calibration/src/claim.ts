import type { Keyed } from '#experiments';
import { bandOf, lowerLimit, upperLimit } from './bands.js';
import type { Band } from './bands.js';
import type { Sampler } from './sampler.js';
import type { Tally } from './tally.js';

/** What is claimed of one measure. */
export interface Check {
  /** Name under which the simulation tallies it. */
  readonly measure: string;
  readonly text: string;
  /** In what the observed number is shown. */
  readonly shownAs: 'share' | 'number';
  /** The band for this many runs. */
  readonly band: (n: number) => Band;
  /** A method known to be wrong: it must be outside the band, else the simulation could not tell. */
  readonly mustFail: boolean;
}

/** A promise of the statistics engine, with the simulation that keeps it honest. */
export interface Claim extends Keyed {
  readonly title: string;
  /** The simulated experiment in words. */
  readonly design: string;
  /** Simulated experiments of a full run. */
  readonly runs: number;
  /** Simulated experiments of the short run in the tests, and the fewest that tell right from wrong. */
  readonly shortRuns: number;
  /** Makes `runs` experiments and tallies the measures of the checks. Chance comes from the sampler alone. */
  simulate(sampler: Sampler, runs: number, tally: Tally): void;
  readonly checks: readonly Check[];
}

const checkOf = (
  measure: string,
  text: string,
  band: (n: number) => Band,
  shownAs: Check['shownAs'] = 'share',
): Check => ({ measure, text, shownAs, band, mustFail: false });

/** The share has this probability. @param highest where a known excess is tolerated, the largest probability. */
export const hasProbability = (measure: string, text: string, p: number, highest = p): Check =>
  checkOf(measure, text, (n) => ({ lower: bandOf(n, p).lower, upper: bandOf(n, highest).upper }));

/** The share has at most this probability: for conservative methods. */
export const atMost = (measure: string, text: string, p: number): Check =>
  checkOf(measure, text, (n) => ({ lower: null, upper: upperLimit(n, p) }));

/** The share has at least this probability: so that "never" cannot pass. */
export const atLeast = (measure: string, text: string, p: number): Check =>
  checkOf(measure, text, (n) => ({ lower: lowerLimit(n, p), upper: null }));

/** The observed share itself, whatever chance allows, is not above this. */
export const notAbove = (measure: string, text: string, share: number): Check =>
  checkOf(measure, text, () => ({ lower: null, upper: share }));

/** From `runs` runs on the observed share itself is not above this; with fewer, chance is allowed for. */
export const promised = (measure: string, text: string, share: number, runs: number): Check =>
  checkOf(measure, text, (n) => ({ lower: null, upper: n >= runs ? share : upperLimit(n, share) }));

/** It happens in no run. */
export const never = (measure: string, text: string): Check => notAbove(measure, text, 0);

/** The mean is the target within a tolerance that depends on the number of runs. */
export const hasMean = (
  measure: string,
  text: string,
  target: number,
  tolerance: (n: number) => number,
): Check =>
  checkOf(measure, text, (n) => ({ lower: target - tolerance(n), upper: target + tolerance(n) }), 'number');

/** A negative control: the check of another method, which this one must not pass. */
export const mustFail = (check: Check): Check => ({ ...check, mustFail: true });
