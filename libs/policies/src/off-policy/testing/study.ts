import { createRng } from '#experiments';
import type { Rng } from '#experiments';
import type { LoggedRows } from '../contract.js';
import { evaluateOffPolicy } from '../evaluate.js';

const ACTIONS = 4;
const WIDTH = 3;
/** Contexts are drawn from a finite table, so that the truth is a sum and no simulation. */
const CONTEXTS = 200;
const ROWS_PER_UNIT = 2;
/** The action that the candidate likes best in every context, and that logs without overlap withhold. */
const FAVOURITE = 3;

interface World {
  readonly contexts: readonly Float64Array[];
  readonly reward: readonly Float64Array[];
  readonly logged: readonly Float64Array[];
  readonly target: readonly Float64Array[];
}

const softmax = (scores: Float64Array): Float64Array => {
  const weights = scores.map(Math.exp);
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
};

/** Rewards with a product of two features that no linear model can represent; policies that lean apart. */
function makeWorld(seed: string): World {
  const rng = createRng(seed);
  const matrix = () =>
    Array.from({ length: ACTIONS }, () => Float64Array.from({ length: WIDTH }, () => rng.normal()));
  const [taste, habit] = [matrix(), matrix()];
  const along = (m: readonly Float64Array[], x: Float64Array) =>
    Float64Array.from(m, (row) => row.reduce((sum, v, j) => sum + v * (x[j] as number), 0));
  const contexts = Array.from({ length: CONTEXTS }, () =>
    Float64Array.from({ length: WIDTH }, () => rng.normal()),
  );
  const reward = contexts.map((x) =>
    along(taste, x).map((s, a) => {
      const z = -1.2 + 0.5 * s + 0.3 * (x[0] as number) * (x[1] as number) + (a === FAVOURITE ? 0.8 : 0);
      return 1 / (1 + Math.exp(-z));
    }),
  );
  const logged = contexts.map((x) => softmax(along(habit, x).map((s) => 0.4 * s)).map((p) => 0.05 + 0.8 * p));
  const target = contexts.map((x) =>
    softmax(along(taste, x).map((s, a) => 0.6 * s + (a === FAVOURITE ? 1.5 : 0))),
  );
  return { contexts, reward, logged, target };
}

function pick(p: Float64Array, rng: Rng): number {
  let u = rng.uniform();
  for (let a = 0; a < p.length; a++) if ((u -= p[a] as number) < 0) return a;
  return p.length - 1;
}

/** A log of units with two decisions each in the same context, by any logging policy. */
function play(
  world: World,
  logged: readonly Float64Array[],
  n: number,
  rng: Rng,
  recorded: boolean,
): { rows: LoggedRows; target: Float64Array } {
  const rows = {
    actions: ACTIONS,
    action: new Uint32Array(n),
    propensity: new Float64Array(n),
    reward: new Float64Array(n),
    unit: Uint32Array.from({ length: n }, (_, i) => Math.floor(i / ROWS_PER_UNIT)),
    context: { width: WIDTH, values: new Float64Array(n * WIDTH) },
  };
  const behaviour = new Float64Array(n * ACTIONS);
  const target = new Float64Array(n * ACTIONS);
  let c = 0;
  for (let i = 0; i < n; i++) {
    if (i % ROWS_PER_UNIT === 0) c = rng.below(CONTEXTS);
    const p = logged[c] as Float64Array;
    const a = pick(p, rng);
    rows.action[i] = a;
    rows.propensity[i] = p[a] as number;
    rows.reward[i] = rng.uniform() < (world.reward[c]?.[a] as number) ? 1 : 0;
    rows.context.values.set(world.contexts[c] as Float64Array, i * WIDTH);
    behaviour.set(p, i * ACTIONS);
    target.set(world.target[c] as Float64Array, i * ACTIONS);
  }
  return { rows: recorded ? { ...rows, behaviour } : rows, target };
}

export interface Coverage {
  readonly runs: number;
  /** Share of the intervals that hold the truth, by estimator. */
  readonly covered: Readonly<Record<string, number>>;
}

/** How often the normal intervals of DR, SNIPS and others hold the known truth. Every run is a fresh log. */
export function coverageStudy(runs: number, n: number, seed: string): Coverage {
  const world = makeWorld('coverage-world');
  const truth =
    world.target.reduce(
      (sum, p, c) => sum + p.reduce((s, share, a) => s + share * (world.reward[c]?.[a] as number), 0),
      0,
    ) / CONTEXTS;
  const keys = ['dr', 'snips', 'ips', 'sndr'];
  const hits: Record<string, number> = Object.fromEntries(keys.map((key) => [key, 0]));
  const rng = createRng(seed);
  for (let run = 0; run < runs; run++) {
    const { rows, target } = play(world, world.logged, n, rng, true);
    const { estimates } = evaluateOffPolicy(rows, target, {
      estimators: keys.map((key) => ({ key })),
      bootstrap: { resamples: 1 },
    });
    for (const { key, interval } of estimates)
      if (interval && interval.lower <= truth && truth <= interval.upper)
        hits[key] = (hits[key] as number) + 1;
  }
  return { runs, covered: Object.fromEntries(keys.map((key) => [key, (hits[key] as number) / runs])) };
}

/** Ways in which a log can lack overlap; `overlap` has it and is the control. */
export const LOGS = {
  overlap: { recorded: true, policy: (p: Float64Array) => p },
  deterministic: {
    recorded: false,
    policy: (p: Float64Array) => p.map((value) => (value === Math.max(...p) ? 1 : 0)),
  },
  'one action withheld': { recorded: true, policy: (p: Float64Array) => withhold(p) },
  'one action withheld, distributions not recorded': {
    recorded: false,
    policy: (p: Float64Array) => withhold(p),
  },
  'one action withheld in a tenth of the contexts': {
    recorded: true,
    policy: (p: Float64Array, c: number) => (c % 10 === 0 ? withhold(p) : p),
  },
  'one action withheld in a tenth of the contexts, distributions not recorded': {
    recorded: false,
    policy: (p: Float64Array, c: number) => (c % 10 === 0 ? withhold(p) : p),
  },
  'one action with probability 1e-5': {
    recorded: true,
    policy: (p: Float64Array) => withhold(p).map((value, a) => (a === FAVOURITE ? 1e-5 : (1 - 1e-5) * value)),
  },
} as const;

function withhold(p: Float64Array): Float64Array {
  const rest = 1 - (p[FAVOURITE] as number);
  return p.map((value, a) => (a === FAVOURITE ? 0 : value / rest));
}

/** How often the gate answers yes, for one kind of log. The candidate is truly better than every one of them. */
export function gateStudy(kind: keyof typeof LOGS, runs: number, n: number, seed: string): number {
  const world = makeWorld('gate-world');
  const { recorded, policy } = LOGS[kind];
  const logged = world.logged.map((p, c) => policy(p, c));
  const rng = createRng(`${seed}/${kind}`);
  let yes = 0;
  for (let run = 0; run < runs; run++) {
    const { rows, target } = play(world, logged, n, rng, recorded);
    const { gate } = evaluateOffPolicy(rows, target, { estimators: [], bootstrap: { resamples: 1 } });
    if (gate.answer === 'yes') yes++;
  }
  return yes / runs;
}
