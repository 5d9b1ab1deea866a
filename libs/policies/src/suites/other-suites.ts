import type { Rng } from '#experiments';
import { raceForBest } from './best-arm-race.js';
import type { Allocation } from './best-arm-race.js';
import { playMinutes } from './minutes.js';
import { repeat } from './play.js';
import { klUcbBounds, ucb1Bounds } from './players.js';
import { boundsFill, playCascade, playPositions, thompsonFill } from './slates.js';
import type { SlateFill } from './slates.js';
import type { SuiteEntry } from './suite.js';

function entry(
  suite: string,
  policy: string,
  setting: string,
  reference: readonly [number, number] | null,
  runs: number,
  run: (rng: Rng) => number,
  measure: SuiteEntry['measure'] = 'regret',
): SuiteEntry {
  return {
    suite,
    policy,
    setting,
    measure,
    runs,
    reference: reference && { mean: reference[0], se: reference[1] },
    play: (count) => repeat(count, `${suite} ${policy} ${setting}`, run),
  };
}

const ITEMS = 16;
const CASCADE_ROUNDS = 100_000;
/** By number of slots: CascadeUCB1, CascadeKL-UCB, CascadeTS. */
const CASCADE = [
  { slots: 2, ucb: [1280.8, 8.8], kl: [351.9, 5.3], ts: [153.1, 2.5] },
  { slots: 4, ucb: [997.3, 6.9], kl: [265.4, 5.3], ts: [101.9, 2.5] },
  { slots: 8, ucb: [539.2, 3.6], kl: [148.4, 2.8], ts: [49.3, 1.7] },
] as const;

const cascade = CASCADE.flatMap(({ slots, ucb, kl, ts }) => {
  const world = { items: ITEMS, slots, p: 0.2, gap: 0.15 };
  const run =
    (fill: () => SlateFill) =>
    (rng: Rng): number =>
      playCascade(world, CASCADE_ROUNDS, fill(), rng);
  const name = `cascade K=${slots}`;
  return [
    entry(
      name,
      'cascade-ucb',
      'c 1.5',
      ucb,
      20,
      run(() => boundsFill(ucb1Bounds(1.5), ITEMS)),
    ),
    entry(
      name,
      'cascade-kl-ucb',
      '',
      kl,
      20,
      run(() => boundsFill(klUcbBounds, ITEMS)),
    ),
    entry(
      name,
      'cascade-thompson',
      '',
      ts,
      20,
      run(() => thompsonFill(ITEMS)),
    ),
  ];
});

const RACE = [0.5, 0.45, 0.4, 0.35, 0.3];
const race =
  (how: Allocation) =>
  (rng: Rng): number =>
    raceForBest(RACE, how, 200_000, rng).pulls;
const bestArm = [
  entry('best arm', 'top-two-thompson', 'delta .05', [5159, 313], 100, race('top-two'), 'pulls'),
  entry('best arm', 'uniform-random', 'delta .05', [9073, 558], 100, race('uniform'), 'pulls'),
  entry('best arm', 'thompson-beta', 'delta .05', null, 40, race('thompson'), 'pulls'),
];

const MINUTES = { means: [10, 11, 12, 12.5, 13], sds: [8, 9, 10, 11, 12] };
const PRIOR = { priorMean: null, priorSd: null, priorWeight: 0.1, priorDegrees: 2 };
const minutes = [
  entry('minutes', 'thompson-normal', 'vague prior, 2,000 rounds', [823, 36], 200, (rng) =>
    playMinutes(MINUTES, 2_000, PRIOR, rng),
  ),
  entry('minutes', 'thompson-normal', 'vague prior, 20,000 rounds', [2521, 152], 100, (rng) =>
    playMinutes(MINUTES, 20_000, PRIOR, rng),
  ),
];

/**
 * The reference does not say how attractive its items are; with these the policy that knows positions meets it,
 * and the other two stand beside it without a reference.
 */
const POSITIONS = {
  attraction: [0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05],
  examination: [1, 0.6, 0.3],
};
const positions =
  (trial: readonly number[], fill: () => SlateFill) =>
  (rng: Rng): number =>
    playPositions(POSITIONS, 50_000, trial, fill(), rng);
const positionBased = [
  entry(
    'positions',
    'position-based',
    'examination given',
    [144, 3],
    40,
    positions(POSITIONS.examination, () => thompsonFill(10)),
  ),
  entry(
    'positions',
    'thompson-beta',
    'every slot a trial',
    null,
    40,
    positions([1, 1, 1], () => thompsonFill(10)),
  ),
  entry(
    'positions',
    'ucb1',
    'c .5, examination given',
    null,
    40,
    positions(POSITIONS.examination, () => boundsFill(ucb1Bounds(0.5), 10)),
  ),
];

/** Slates, search for the best arm, and amounts. */
export const otherSuites: readonly SuiteEntry[] = [...cascade, ...bestArm, ...minutes, ...positionBased];
