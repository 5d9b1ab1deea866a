import { DomainError, defineParams } from '#experiments';
import type { Json } from '#experiments';
import { z } from 'zod';
import { decodeFloats, encodeFloats, stateObject, stateText, stateTexts } from '../codec.js';
import type { BanditPolicy, DecisionRequest, RewardedDecision } from '../contract.js';
import { mixUniform, unitReward } from './counted-policy.js';
import type { Play } from './counted-policy.js';
import { perSubjectField } from './counting-params.js';
import { checkRewarded, tallyKey } from './decayed-counts.js';
import { rememberBySubjectAndActions } from './snapshot-cache.js';

const schema = z.object({
  epsilon: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('Share of decisions taken uniformly at random; keeps the importance weights bounded.'),
  learningRate: z
    .number()
    .positive()
    .max(100)
    .default(1)
    .describe('Multiplies the rate sqrt(ln K / (K t)) of the theory.'),
  perSubject: perSubjectField,
});
type Params = z.output<typeof schema>;

interface Group {
  readonly decisions: number;
  /** Losses 1 - reward as they came, unweighted. */
  readonly loss: number;
}

/** Importance-weighted losses by action, and what the subject lost in all. */
interface Losses {
  readonly groups: ReadonlyMap<string, Group>;
  readonly actions: ReadonlyMap<string, number>;
}

const NO_GROUP: Group = { decisions: 0, loss: 0 };
const LEAST_PROPENSITY = 1e-6;

const groupKey = (subject: string | null, perSubject: boolean): string => tallyKey(subject, '', perSubject);

function learn(state: Losses, batch: readonly RewardedDecision[], params: Params): Losses {
  if (batch.length === 0) return state;
  const groups = new Map(state.groups);
  const actions = new Map(state.actions);
  for (const decision of batch) {
    checkRewarded(decision);
    const { subject, action, propensity, reward } = decision;
    const loss = 1 - unitReward(reward, decision);
    const group = groups.get(groupKey(subject, params.perSubject)) ?? NO_GROUP;
    const key = tallyKey(subject, action.id, params.perSubject);
    // An action that comes later is taken to have lost, so far, what was lost without it.
    const before = actions.get(key) ?? group.loss;
    actions.set(key, before + loss / Math.max(LEAST_PROPENSITY, Math.min(1, propensity)));
    groups.set(groupKey(subject, params.perSubject), {
      decisions: group.decisions + 1,
      loss: group.loss + loss,
    });
  }
  return { groups, actions };
}

/** p proportional to exp(-eta L), eta = rate sqrt(ln K / (K t)). */
export function exp3Distribution(losses: Float64Array, decisions: number, rate: number): Float64Array {
  const count = losses.length;
  const eta = rate * Math.sqrt(Math.log(count) / (count * Math.max(1, decisions)));
  const least = losses.reduce((low, loss) => Math.min(low, loss), Infinity);
  const weights = losses.map((loss) => Math.exp(-eta * (loss - least)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function play(state: Losses, params: Params, { subject, actions }: DecisionRequest): Play {
  const group = state.groups.get(groupKey(subject, params.perSubject)) ?? NO_GROUP;
  const losses = Float64Array.from(
    actions,
    ({ id }) => state.actions.get(tallyKey(subject, id, params.perSubject)) ?? group.loss,
  );
  const weights = exp3Distribution(losses, group.decisions, params.learningRate);
  const scores = losses.map((loss) => (group.decisions > 0 ? 1 - loss / group.decisions : 0));
  return { distribution: mixUniform(weights, params.epsilon), scores };
}

function encodeMap(map: ReadonlyMap<string, readonly number[]>): Json {
  return { keys: [...map.keys()], numbers: encodeFloats(Float64Array.from([...map.values()].flat())) };
}

function decodeMap(json: Json | undefined, width: number): [string, Float64Array][] {
  const stored = stateObject(json ?? null);
  const keys = stateTexts(stored['keys'], 'keys');
  const numbers = decodeFloats(stateText(stored['numbers'], 'numbers'));
  if (numbers.length !== width * keys.length) {
    throw new DomainError(
      'invalid_state',
      `${keys.length} keys come with ${numbers.length} numbers`,
      '/numbers',
    );
  }
  return keys.map((key, i) => [key, numbers.subarray(i * width, (i + 1) * width)]);
}

/** EXP3 for rewards in [0, 1]: makes no assumption on how rewards come about, even an adversary may choose them. */
export const exp3: BanditPolicy<Params, Losses> = {
  key: 'exp3',
  title: 'EXP3',
  summary:
    'Shifts probability away from actions by what they failed to earn. Slow, but it assumes nothing about the rewards. Rewards are cut to [0, 1].',
  reference:
    'Auer, Cesa-Bianchi, Freund, Schapire (2002); Bubeck and Cesa-Bianchi (2012), section 3.1, rate that falls with time',
  learns: 'online',
  leastReward: 0,
  params: defineParams(schema),
  stateVersion: 1,
  initialState: () => ({ groups: new Map(), actions: new Map() }),
  update: learn,
  encode: ({ groups, actions }) => ({
    groups: encodeMap(new Map([...groups].map(([key, group]) => [key, [group.decisions, group.loss]]))),
    actions: encodeMap(new Map([...actions].map(([key, loss]) => [key, [loss]]))),
  }),
  decode: (json) => {
    const stored = stateObject(json);
    const groups = decodeMap(stored['groups'], 2).map(
      ([key, n]) => [key, { decisions: n[0] as number, loss: n[1] as number }] as const,
    );
    const actions = decodeMap(stored['actions'], 1).map(([key, n]) => [key, n[0] as number] as const);
    return { groups: new Map(groups), actions: new Map(actions) };
  },
  compile: (state, params) => {
    const remember = rememberBySubjectAndActions((request) => play(state, params, request));
    return {
      decides: 'action',
      propensity: { kind: 'exact' },
      distribution: (request) => remember(request).distribution,
      scores: (request) => remember(request).scores,
    };
  },
};
