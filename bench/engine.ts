import { GrowthBookClient } from '@growthbook/growthbook';
import { BUCKETS, bucketIndex, createAssignmentEngine, digestSalt } from '#experiments';
import type { Arm, Context, Experiment } from '#experiments';
import { figureOf, median } from './figure.js';
import type { Figure } from './figure.js';

const UNITS = 20_000;
const WARM_UP = 5;
const REPEATS = 9;
const LAYER_RANGE = [0, 0.8] as const;
const TRAFFIC = 0.9;
const COUNTRIES = ['FR', 'DE', 'ES', 'JP', 'BR'];
const TARGETED = ['FR', 'DE', 'ES', 'JP'];

const arm = (key: string): Arm => ({
  key,
  title: key,
  weight: 1,
  isControl: key === 'control',
  treatment: { kind: 'value', value: key },
});
const EXPERIMENT: Experiment = {
  key: 'bench-rows',
  title: 'Rows',
  surface: 'home',
  unitType: 'member',
  status: 'running',
  layer: 'home',
  layerRange: LAYER_RANGE,
  traffic: TRAFFIC,
  targeting: { attribute: 'country', op: 'in', value: TARGETED },
  arms: [arm('control'), arm('new')],
  phase: 1,
  salt: 'bench-rows',
  shippedArm: null,
};
const LAYER = { key: 'home', title: 'Home', salt: 'layer:home' };

interface Asked {
  readonly unitId: string;
  readonly context: Context;
}
const asked = (): Asked[] =>
  Array.from({ length: UNITS }, (_, i) => ({
    unitId: `member-${i * 7919}`,
    context: { country: COUNTRIES[i % COUNTRIES.length] ?? '', device: 'tv' },
  }));

type Evaluate = (one: Asked) => number;

/** Arm index, -1 outside: the engine with everything that a treatment asks of it. */
function ours(): Evaluate {
  const engine = createAssignmentEngine({
    experiments: [EXPERIMENT],
    layers: [LAYER],
    holdouts: [],
    surfaces: [{ key: 'home', title: 'Home', kind: 'value', defaultValue: null, candidateKind: null }],
  });
  return ({ unitId, context }) => {
    const found = engine.assign({ unitId, unitType: 'member' }, 'home', context).arm;
    return found === null ? -1 : EXPERIMENT.arms.indexOf(found);
  };
}

/** The same experiment, evaluated locally by GrowthBook's client for servers. */
function growthbook(): Evaluate {
  const client = new GrowthBookClient();
  const experiment = {
    key: EXPERIMENT.key,
    variations: ['control', 'new'] as [string, string],
    weights: [0.5, 0.5],
    coverage: TRAFFIC,
    hashVersion: 2,
    hashAttribute: 'id',
    seed: EXPERIMENT.salt,
    condition: { country: { $in: TARGETED } },
    filters: [
      {
        seed: LAYER.salt,
        hashVersion: 2,
        attribute: 'id',
        ranges: [[LAYER_RANGE[0], LAYER_RANGE[1]] as [number, number]],
      },
    ],
  };
  return ({ unitId, context }) => {
    const attributes = { id: unitId, country: context['country'], device: context['device'] };
    const result = client.runInlineExperiment(experiment, { attributes });
    return result.inExperiment ? result.variationId : -1;
  };
}

/**
 * One bare double hash: version 2 of GrowthBook's hash is FNV-1a of the id, and FNV-1a of that number's digits. The engine
 * needs two of them for a unit that gets an arm, one under the layer's salt and one under the split's.
 */
function bareHash(): Evaluate {
  const split = digestSalt(EXPERIMENT.salt);
  return ({ unitId }) => bucketIndex(split, unitId) / BUCKETS;
}

let sink = 0;
/** Evaluations per second of processor time, so that other work on the machine counts as little as it can. */
function rate(evaluate: Evaluate, units: readonly Asked[], passes: number): number {
  const before = process.cpuUsage();
  for (let pass = 0; pass < passes; pass++) for (const one of units) sink += evaluate(one);
  const { user, system } = process.cpuUsage(before);
  return (units.length * passes * 1e6) / (user + system);
}

/** @throws Error when the two do not give every unit the same arm: then the comparison would be of two things. */
function checkSame(a: Evaluate, b: Evaluate, units: readonly Asked[]): number {
  let inside = 0;
  for (const one of units) {
    const [left, right] = [a(one), b(one)];
    if (left !== right) throw new Error(`${one.unitId}: arm ${left} here, ${right} by GrowthBook`);
    if (left >= 0) inside += 1;
  }
  return inside / units.length;
}

/** Evaluations of the assignment engine against GrowthBook's client on the same experiment, and against one bare double hash. */
export async function benchEngine(): Promise<Figure[]> {
  const units = asked();
  const [own, peer, bare] = [ours(), growthbook(), bareHash()];
  const inside = checkSame(own, peer, units);
  for (const evaluate of [own, peer, bare]) rate(evaluate, units, WARM_UP);
  const measured: { own: number; peer: number; bare: number }[] = [];
  // In turns, so that what disturbs one disturbs the others.
  for (let i = 0; i < REPEATS; i++) {
    measured.push({ own: rate(own, units, 10), peer: rate(peer, units, 2), bare: rate(bare, units, 10) });
  }
  const of = (key: 'own' | 'peer' | 'bare'): number => median(measured.map((one) => one[key]));
  const ratios = (key: 'peer' | 'bare'): number[] => measured.map((one) => one.own / one[key]);
  const shared = { unit: '/s', value: of('own') };
  const details = (key: 'peer' | 'bare') => ({
    'units in it': inside,
    'least ratio': Math.min(...ratios(key)),
    'greatest ratio': Math.max(...ratios(key)),
    checksum: sink % 1000,
  });
  return [
    figureOf(
      {
        ...shared,
        key: 'engine-growthbook',
        title: "assignment against GrowthBook's client",
        ceiling: of('peer'),
        target: { of: 'ratio', atLeast: 3 },
      },
      details('peer'),
    ),
    figureOf(
      {
        ...shared,
        key: 'engine-hash',
        title: 'assignment against one bare double hash',
        ceiling: of('bare'),
        target: { of: 'ratio', atLeast: 0.5 },
      },
      details('bare'),
    ),
  ];
}
