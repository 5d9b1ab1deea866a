import { defineParams } from '#experiments';
import type { Context } from '#experiments';
import { z } from 'zod';
import type { BanditPolicy, DecisionRequest, RewardedDecision } from '../contract.js';
import { probabilityBest } from '../sampling/gaussian-best.js';
import { SILENT_ACTION } from '../wrappers/contact-rules.js';
import { halfLifeDaysField } from './counting-params.js';
import { addToMoments, decodeMoments, emptyMoments, encodeMoments, momentsOf } from './decayed-moments.js';
import type { DecayedMoments, Moments } from './decayed-moments.js';

const schema = z.object({
  silent: z.string().min(1).max(200).default(SILENT_ACTION).describe('Id of the action that sends nothing.'),
  cost: z
    .number()
    .min(0)
    .max(1e9)
    .default(0.01)
    .describe(
      'What a message must bring at least, in units of the reward: the lift that its annoyance is worth.',
    ),
  by: z
    .array(z.string().min(1).max(100))
    .max(3)
    .default([])
    .describe('Attributes of the context within whose values the lift is learned as well.'),
  priorSd: z
    .number()
    .positive()
    .max(1e9)
    .default(0.2)
    .describe('Spread of the lifts of messages, to begin with.'),
  cellSd: z
    .number()
    .positive()
    .max(1e9)
    .default(0.05)
    .describe('Spread of the lift of one message between values of the context.'),
  noiseSd: z.number().positive().max(1e9).default(1).describe('Spread of single rewards, to begin with.'),
  halfLifeDays: halfLifeDaysField.default(60),
});
type Params = z.output<typeof schema>;

/** Rewards that the first guess of the spread is worth. */
const NOISE_WEIGHT = 20;

/** Values of the context within which the lift is learned, as a key. */
const cellOf = (context: Context, by: readonly string[]): string =>
  JSON.stringify(by.map((name) => (Object.hasOwn(context, name) ? (context[name] ?? null) : null)));

interface Learned {
  readonly cells: ReadonlyMap<string, ReadonlyMap<string, Moments>>;
  readonly variance: number;
}

/** Moments by message and cell, and the spread within them. */
function learnedOf(state: DecayedMoments, { halfLifeDays, noiseSd }: Params): Learned {
  const cells = new Map<string, Map<string, Moments>>();
  let [m2, weight] = [NOISE_WEIGHT * noiseSd ** 2, NOISE_WEIGHT];
  for (const key of state.moments.keys()) {
    const [cell, message] = JSON.parse(key) as [string, string];
    const moments = momentsOf(state, key, halfLifeDays);
    const own = cells.get(message) ?? new Map<string, Moments>();
    cells.set(message, own.set(cell, moments));
    m2 += moments.m2;
    weight += Math.max(0, moments.weight - 1);
  }
  return { cells, variance: m2 / weight };
}

interface Belief {
  readonly mean: number;
  readonly variance: number;
}

/**
 * Posterior of a message's lift in a cell. Lifts of messages are normal around 0 with `priorSd`, those of cells around their
 * message's with `cellSd`, rewards around their cell's; all given, everything is normal (Lindley and Smith 1972).
 */
function beliefOf(learned: Learned, message: string, cell: string, { priorSd, cellSd }: Params): Belief {
  const own = learned.cells.get(message) ?? new Map<string, Moments>();
  const spread = cellSd ** 2;
  let [precision, sum] = [1 / priorSd ** 2, 0];
  for (const { mean, weight } of own.values()) {
    if (weight <= 0) continue;
    const one = 1 / (spread + learned.variance / weight);
    precision += one;
    sum += one * mean;
  }
  const [general, variance] = [sum / precision, 1 / precision];
  const here = own.get(cell);
  const trust = here && here.weight > 0 ? spread / (spread + learned.variance / here.weight) : 0;
  return {
    mean: trust * (here?.mean ?? 0) + (1 - trust) * general,
    variance: (1 - trust) * spread + (1 - trust) ** 2 * variance,
  };
}

function chances(learned: Learned, request: DecisionRequest, params: Params) {
  const cell = cellOf(request.context, params.by);
  const beliefs = request.actions.map(({ id }) =>
    id === params.silent ? { mean: params.cost, variance: 0 } : beliefOf(learned, id, cell, params),
  );
  const mean = Float64Array.from(beliefs, (one) => one.mean);
  const sd = Float64Array.from(beliefs, ({ variance }) => Math.sqrt(variance));
  return { mean, sd };
}

/**
 * Whether to send, and what. Learns what a message brings, not how often it is opened: give it an incremental reward, whose
 * mean is the lift of sending. A message is sent as often as its lift is likely to be the largest and to be worth the cost;
 * otherwise nothing is sent, which is an action with a propensity like any other. When to send is for `contact-rules`.
 */
export const notifications: BanditPolicy<Params, DecayedMoments> = {
  key: 'notifications',
  title: 'Messages by what they bring',
  summary:
    'Sends a message where it causes more than it costs, and else nothing. Learns the lift of sending.',
  reference:
    'Yuan, Zhang, Chatterjee, Yu, Rosales (2019), A state transition model for mobile notifications via survival analysis; ' +
    'Lindley and Smith (1972), Bayes estimates for the linear model',
  learns: 'online',
  params: defineParams(schema),
  stateVersion: 1,
  initialState: () => emptyMoments,
  update: (state, batch, { by, halfLifeDays, silent }) =>
    addToMoments(
      state,
      batch
        .filter(({ action }) => action.id !== silent)
        .map((decision: RewardedDecision) => ({ ...decision, subject: cellOf(decision.context, by) })),
      { halfLifeDays, perSubject: true },
    ),
  encode: encodeMoments,
  decode: decodeMoments,
  compile: (state, params) => {
    const learned = learnedOf(state, params);
    return {
      decides: 'action',
      propensity: { kind: 'exact' },
      distribution: (request) => {
        const { mean, sd } = chances(learned, request, params);
        return probabilityBest(mean, sd);
      },
      scores: (request) => chances(learned, request, params).mean,
    };
  },
};
