import { createRng } from '#experiments';
import type { Context, Rng } from '#experiments';
import { compileExploration, policyRegistry, serveSlate } from '#policies';
import type { Action, CompiledPolicy, DecisionRequest, TrainingSet } from '#policies';
import { figureOf, quantile } from './figure.js';
import type { Figure } from './figure.js';
import { benchRetrieval } from './retrieval.js';

const TITLES = 3_650;
const MEMBERS = 610;
const CANDIDATES = 500;
const REQUESTS = 120;
const WARM_UP = 30;
/** Longest history; every tenth request has it. */
const LONGEST = 500;
const LIMIT_MS = 10;
const START = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

/** How long an answer takes does not depend on how long was trained. */
const SHORT_TRAINING: Readonly<Record<string, object>> = {
  bpr: { epochs: 1 },
  deep: { epochs: 1 },
  'multi-task': { epochs: 1 },
  sequence: { epochs: 1 },
  graph: { epochs: 1 },
  hybrid: { epochs: 1 },
};

/** Parts that a policy has only on demand. */
const VARIANTS: readonly (readonly [key: string, title: string, params: object])[] = [
  [
    'blend',
    'blend with sequence',
    {
      parts: [
        { key: 'ease', weight: 1 },
        { key: 'markov-knn', weight: 2 },
        { key: 'sequence', weight: 1, params: { epochs: 1 } },
      ],
    },
  ],
];

const RERANKERS: Readonly<Record<string, object>> = {
  'hard-filters': {},
  'de-duplicate': {},
  freshness: {},
  calibration: {},
  'diversity-mmr': {},
  'diversity-dpp': {},
  serendipity: {},
  'exposure-floor': { groups: { 'genre 1': 0.05, 'genre 2': 0.05 } },
  pins: {
    pins: [{ id: 't3', position: 2, until: '2030-01-01T00:00:00Z' }],
    boosts: [{ id: 't5', by: 1, until: '2030-01-01T00:00:00Z' }],
  },
};

function titles(rng: Rng): Action[] {
  const some = (prefix: string, of: number, count: number): string[] =>
    Array.from({ length: count }, () => `${prefix} ${rng.below(of)}`);
  return Array.from({ length: TITLES }, (_, i) => ({
    id: `t${i}`,
    features: {
      genres: some('genre', 20, 3),
      cast: some('actor', 4_000, 5),
      directors: some('director', 1_500, 1),
      tags: some('tag', 800, 4),
      year: 1930 + rng.below(95),
      releasedAt: START - DAY * rng.below(3_000),
      maturity: rng.below(19),
    },
  }));
}

/** Popular titles come often (a long tail), and so do few members with long histories. */
function eventsOf(rng: Rng, actions: readonly Action[]): TrainingSet {
  const unit: number[] = [];
  const item: number[] = [];
  const at: number[] = [];
  for (let u = 0; u < MEMBERS; u++) {
    drawn(rng, lengthOf(rng)).forEach((title, n) => {
      unit.push(u);
      item.push(title);
      at.push(START - DAY * 400 + 3_600_000 * n);
    });
  }
  return {
    units: Array.from({ length: MEMBERS }, (_, u) => `u${u}`),
    items: actions.map(({ id }) => id),
    unit: Uint32Array.from(unit),
    item: Uint32Array.from(item),
    value: new Float64Array(item.length).fill(1),
    at: Float64Array.from(at),
    itemFeatures: actions.map(({ features }) => features),
    contexts: [contextOf([])],
    context: new Int32Array(item.length),
  };
}

const lengthOf = (rng: Rng): number => Math.min(LONGEST, Math.round(20 * rng.uniform() ** -0.8));

/** Different titles, the first ones of the catalogue more often. */
function drawn(rng: Rng, count: number): number[] {
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(Math.floor(TITLES * rng.uniform() ** 2.5));
  return [...chosen];
}

const contextOf = (history: readonly string[]): Context => ({
  history,
  device: 'tv',
  hour: 21,
  weekday: 5,
  country: 'DE',
  maturityLimit: 18,
});

function requestsOf(rng: Rng, actions: readonly Action[]): DecisionRequest[] {
  return Array.from({ length: REQUESTS }, (_, n) => {
    const history = drawn(rng, n % 10 === 0 ? LONGEST : lengthOf(rng));
    const candidates = new Set<number>();
    while (candidates.size < CANDIDATES) candidates.add(rng.below(TITLES));
    return {
      unitId: `u${n}`,
      context: contextOf(history.map((i) => `t${i}`)),
      actions: [...candidates].map((i) => actions[i] as Action),
      subject: null,
      at: START,
    };
  });
}

/** Milliseconds of processor time of each request, after some to warm up; three passes, the least of each request. */
function timesOf(
  requests: readonly DecisionRequest[],
  answer: (request: DecisionRequest) => number,
): number[] {
  let kept = 0;
  for (const request of requests.slice(0, WARM_UP)) kept += answer(request);
  const passes = [0, 1, 2].map(() =>
    requests.map((request) => {
      const began = process.cpuUsage();
      kept += answer(request);
      const { user, system } = process.cpuUsage(began);
      return (user + system) / 1000;
    }),
  );
  if (Number.isNaN(kept)) throw new Error('a policy gave no number');
  return requests.map((_, n) => Math.min(...passes.map((times) => times[n] as number)));
}

/** What nothing can beat: 500 inner products of 64 numbers. */
function barePeer(requests: readonly DecisionRequest[]): number[] {
  const factors = new Float32Array(TITLES * 64).fill(0.1);
  return timesOf(requests, ({ actions }) => {
    let sum = 0;
    for (let k = 0; k < actions.length; k++)
      for (let j = 0; j < 64; j++) sum += (factors[k * 64 + j] as number) * (factors[j] as number);
    return sum;
  });
}

const explore = compileExploration('plackett-luce', { temperature: 0.5 });

/** A whole decision: scores, and 20 places drawn with their propensities. */
function decide(compiled: CompiledPolicy, request: DecisionRequest): number {
  const slate = serveSlate(compiled, request, 20, explore, 0, createRng('bench'));
  return slate.items[0]?.index ?? 0;
}

/** Bytes of the arrays of a state, as they are in memory. */
function bytesOf(state: unknown, seen = new Set<object>()): number {
  if (state === null || typeof state !== 'object' || seen.has(state)) return 0;
  seen.add(state);
  if (ArrayBuffer.isView(state)) return state.byteLength;
  const inner = state instanceof Map ? [...state.values()] : Object.values(state);
  return inner.reduce<number>((sum, value) => sum + bytesOf(value, seen), 0);
}

/** Every recommender, and every re-ranker around matrix factorisation: 500 candidates, one core. */
export async function benchRecommenders(): Promise<Figure[]> {
  const rng = createRng('bench recommenders');
  const actions = titles(rng);
  const data = eventsOf(rng, actions);
  const requests = requestsOf(rng, actions);
  const peer = quantile(barePeer(requests), 0.95);
  const figures: Figure[] = [];
  const record = (key: string, compiled: CompiledPolicy, more: Figure['details'] = {}): void => {
    const times = timesOf(requests, (request) => decide(compiled, request));
    const value = quantile(times, 0.95);
    const p50 = quantile(times, 0.5);
    figures.push(
      figureOf(
        {
          key: `recommend-${key}`,
          title: `${key}, 500 candidates, p95`,
          unit: 'ms',
          value,
          ceiling: peer,
          target: { of: 'value', atMost: LIMIT_MS },
        },
        { p50, longest: Math.max(...times), ...more },
      ),
    );
  };
  for (const policy of policyRegistry.list()) {
    if (policy.learns !== 'batch') continue;
    const params = policy.params.parse(SHORT_TRAINING[policy.key] ?? {});
    const state = policy.fit(data, params, createRng('bench'), () => undefined);
    record(policy.key, policy.compile(state, params), { 'bytes per title': bytesOf(state) / TITLES });
    if (policy.key !== 'implicit-als') continue;
    for (const [key, own] of Object.entries(RERANKERS)) {
      const worn = policy.params.parse({ wrappers: [{ key, params: own }] });
      record(`als + ${key}`, policy.compile(state, worn));
    }
  }
  for (const [key, title, given] of VARIANTS) {
    const policy = policyRegistry.get(key);
    if (policy.learns !== 'batch') continue;
    const params = policy.params.parse(given);
    const state = policy.fit(data, params, createRng('bench'), () => undefined);
    record(title, policy.compile(state, params), { 'bytes per title': bytesOf(state) / TITLES });
  }
  return [...figures, ...(await benchRetrieval())];
}
