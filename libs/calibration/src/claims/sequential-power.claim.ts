import { EMPTY_MOMENTS, estimatorRegistry, merge } from '#metrics';
import { atLeast, hasProbability } from '../claim.js';
import type { Claim } from '../claim.js';
import { normalArm } from '../draws.js';
import type { Sampler } from '../sampler.js';
import { MEAN, Z, rejects } from './common.js';

const SD = 4;
const LOOKS = 50;
/** Units of both arms at which the sequence is tightest: the estimator's default tuning. */
const TUNING = 5000;
const UNITS_PER_LOOK = TUNING / 2 / LOOKS;

const estimator = estimatorRegistry.get('asymptotic-cs');

/** Effect that a fixed test at the tuning size finds with this power. */
const effectOfPower = (zPower: number): number => (Z + zPower) * SD * Math.sqrt(2 / (TUNING / 2));

/** Fixed-size power, and z-values of it. */
const CASES = [
  {
    key: '99',
    text: 'an effect of 99 % fixed-size power',
    zPower: 2.3263478740408408,
    power: 0.99,
    ratio: 0.8,
  },
  {
    key: '80',
    text: 'an effect of 80 % fixed-size power',
    zPower: 0.8416212335729143,
    power: 0.8,
    ratio: 0.5,
  },
] as const;

/** Whether the sequence ever rejects up to the tuning size, and whether a fixed test there does. */
function simulateOne(sampler: Sampler, effect: number): { stopped: boolean; fixed: boolean } {
  const [control, treatment] = [
    normalArm(UNITS_PER_LOOK, 10, SD),
    normalArm(UNITS_PER_LOOK, 10 + effect, SD),
  ];
  let [a, b] = [EMPTY_MOMENTS, EMPTY_MOMENTS];
  let stopped = false;
  for (let look = 0; look < LOOKS; look++) {
    a = merge(a, control(sampler));
    b = merge(b, treatment(sampler));
    stopped ||= rejects(estimator.compare(a, b, MEAN));
  }
  return { stopped, fixed: rejects(estimatorRegistry.get('welch').compare(a, b, MEAN)) };
}

export const sequentialPowerClaim: Claim = {
  key: 'sequential-power',
  title: 'Confidence sequence, power at N*',
  design: '50 looks up to N* = 5,000 units of both arms; share that has stopped',
  runs: 10_000,
  shortRuns: 500,
  simulate(sampler, runs, tally) {
    for (const { key, zPower } of CASES) {
      for (let i = 0; i < runs; i++) {
        const { stopped, fixed } = simulateOne(sampler, effectOfPower(zPower));
        tally.add(`${key}/stopped`, stopped);
        tally.add(`${key}/fixed`, fixed);
      }
    }
  },
  checks: CASES.flatMap(({ key, text, power, ratio }) => [
    hasProbability(`${key}/fixed`, `${text}: fixed test`, power),
    atLeast(`${key}/stopped`, `${text}: at least ${ratio * 100} % of it`, ratio * power),
  ]),
};
