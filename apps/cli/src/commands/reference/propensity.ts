import { z } from 'zod';
import {
  addFloor,
  compileExploration,
  enumerateSlates,
  inverseGapProbabilities,
  prefixProbabilities,
  probabilityBest,
  probabilityRanksBeta,
  raiseToFloor,
  slotMarginals,
  topTwoProbabilities,
} from '#policies';
import { Cases, parseDocument } from './cases.js';
import type { Comparison, ReferenceReport, Tolerance } from './cases.js';

const numbers = z.array(z.number());
const table = z.array(numbers);
const TOLERANCE: Tolerance = { relative: 0, absolute: 1e-8 };
/** Joint probabilities are products of exact ones: they are held to their digits, not to an absolute error. */
const JOINT: Tolerance = { relative: 1e-9, absolute: 1e-16 };

type Check = (input: unknown, compare: Comparison) => void;

/** One entry per rule; a trailing number of the rule's name (top3) is a parameter. */
const CHECKS: Readonly<Record<string, Check>> = {
  gaussian_ts: (input, compare) => {
    const { mean, sd, p } = z.looseObject({ mean: numbers, sd: numbers, p: numbers }).parse(input);
    compare.nearAll('p', probabilityBest(Float64Array.from(mean), Float64Array.from(sd)), p, TOLERANCE);
  },
  beta_ts_rank: (input, compare) => {
    const { alpha, beta, p_by_position } = z
      .looseObject({ alpha: numbers, beta: numbers, p_by_position: table })
      .parse(input);
    const places = p_by_position[0]?.length ?? 1;
    const p = probabilityRanksBeta(Float64Array.from(alpha), Float64Array.from(beta), places);
    compare.nearAll('p_by_position', p, p_by_position.flat(), TOLERANCE);
  },
  top_two_ts: (input, compare) => {
    const { beta_mix, p_best, p } = z
      .looseObject({ beta_mix: z.number(), p_best: numbers, p: numbers })
      .parse(input);
    compare.nearAll('p', topTwoProbabilities(Float64Array.from(p_best), beta_mix), p, TOLERANCE);
  },
  squarecb: (input, compare) => {
    const { reward, gamma, p, ...rest } = z
      .looseObject({ reward: numbers, gamma: z.number(), p: numbers })
      .parse(input);
    const own = inverseGapProbabilities(Float64Array.from(reward), gamma);
    compare.nearAll('p', own, p, TOLERANCE);
    for (const [key, want] of Object.entries(rest)) {
      const found = /^p_floor_(mix|waterfill)_(\d+)p(\d+)$/.exec(key);
      if (!found) continue;
      const floor = Number(`${found[2]}.${found[3]}`);
      const floored = found[1] === 'mix' ? addFloor(own, floor) : raiseToFloor(own, floor);
      compare.nearAll(key, floored, numbers.parse(want), TOLERANCE);
    }
  },
  epsilon_greedy_ties_shared: (input, compare) => {
    const { reward, epsilon, p } = z
      .looseObject({ reward: numbers, epsilon: z.number(), p: numbers })
      .parse(input);
    compare.nearAll('p', firstSlot('epsilon-mix', { epsilon }, reward), p, TOLERANCE);
  },
  softmax: (input, compare) => {
    const { score, temperature, p } = z
      .looseObject({ score: numbers, temperature: z.number(), p: numbers })
      .parse(input);
    compare.nearAll('p', firstSlot('plackett-luce', { temperature }, score), p, TOLERANCE);
  },
  plackett_luce_top: plackettLuce,
};

/** The law of the first slot is the law of a single choice. */
function firstSlot(exploration: string, params: unknown, scores: readonly number[]): Float64Array {
  const p = new Float64Array(scores.length);
  compileExploration(exploration, params)(Float64Array.from(scores))(new Uint8Array(scores.length), p, 0);
  return p;
}

function plackettLuce(input: unknown, compare: Comparison): void {
  const { logit, temperature, p_item_by_position, p_of_ranking, total } = z
    .looseObject({
      logit: numbers,
      temperature: z.number().default(1),
      p_item_by_position: table,
      p_of_ranking: z.record(z.string(), z.number()).default({}),
      total: z.number().optional(),
    })
    .parse(input);
  const items = logit.length;
  const slots = p_item_by_position[0]?.length ?? 1;
  const rule = compileExploration('plackett-luce', { temperature })(Float64Array.from(logit));
  const marginals = slotMarginals(rule, items, slots);
  const byItem = logit.flatMap((_, a) =>
    Array.from({ length: slots }, (__, k) => marginals[k * items + a] as number),
  );
  compare.nearAll('p_item_by_position', byItem, p_item_by_position.flat(), TOLERANCE);
  for (const [key, want] of Object.entries(p_of_ranking)) {
    const order = key.split('-').map(Number);
    const prefix = prefixProbabilities(rule, items, order);
    compare.near(`p_of_ranking/${key}`, prefix[prefix.length - 1] as number, want, JOINT);
  }
  if (total === undefined) return;
  let sum = 0;
  enumerateSlates(rule, items, slots, (_slate, prefix) => (sum += prefix[slots - 1] as number));
  compare.near('total', sum, total, TOLERANCE);
}

const layout = z.looseObject({ cases: z.array(z.looseObject({ rule: z.string() })).min(1) });

/**
 * Probabilities of exploration rules against references by quadrature.
 * @throws Error with one sentence when the document holds no such cases.
 */
export function verifyPropensity(document: unknown): ReferenceReport {
  const cases = new Cases();
  parseDocument(layout, document, 'propensity cases').cases.forEach((input, index) => {
    cases.run(`${input.rule}[${index}]`, (compare) => {
      const check = CHECKS[input.rule] ?? CHECKS[input.rule.replace(/\d+$/, '')];
      if (check) check(input, compare);
      else compare.fail(`rule "${input.rule}" is not known here`);
    });
  });
  return cases.report();
}
