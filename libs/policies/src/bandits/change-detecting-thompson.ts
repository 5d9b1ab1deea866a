import { DomainError, defineParams } from '#experiments';
import type { Json } from '#experiments';
import { z } from 'zod';
import { decodeFloats, encodeFloats, stateNumber, stateObject, stateText } from '../codec.js';
import type { BanditPolicy, DecisionRequest, RewardedDecision } from '../contract.js';
import { betaBeliefs, betaPriorFields, playThompsonBeta } from './beta-posterior.js';
import { MOST_CELLS, noCells, observe } from './change-detector.js';
import type { Change, RewardCells } from './change-detector.js';
import { mixUniform, total, unitReward } from './counted-policy.js';
import type { Evidence, Play } from './counted-policy.js';
import { perSubjectField } from './counting-params.js';
import { checkRewarded, tallyKey } from './decayed-counts.js';
import { rememberBySubjectAndActions } from './snapshot-cache.js';

const schema = z.object({
  delta: z
    .number()
    .min(1e-12)
    .max(0.5)
    .default(0.001)
    .describe('About the probability of a false alarm per action: smaller is calmer and slower.'),
  forget: z
    .enum(['action', 'subject'])
    .default('subject')
    .describe(
      'What starts afresh when an action has changed: it alone, or every action of its subject, since tastes rarely change for one.',
    ),
  epsilon: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe(
      'Share of decisions taken uniformly at random: an action nobody sees cannot be seen to change.',
    ),
  ...betaPriorFields,
  perSubject: perSubjectField,
});
type Params = z.output<typeof schema>;

/** A change that was found, newest last in the state. */
export interface DetectedChange extends Change {
  readonly subject: string | null;
  readonly actionId: string;
  /** Unix milliseconds of the decision with which it was found. */
  readonly at: number;
}

const KEPT_CHANGES = 50;

interface Watched {
  readonly cells: ReadonlyMap<string, RewardCells>;
  readonly changes: readonly DetectedChange[];
}

function learn(state: Watched, batch: readonly RewardedDecision[], params: Params): Watched {
  if (batch.length === 0) return state;
  const cells = new Map(state.cells);
  const changes = [...state.changes];
  for (const decision of batch) {
    checkRewarded(decision);
    const { subject, action, at } = decision;
    const key = tallyKey(subject, action.id, params.perSubject);
    const seen = observe(cells.get(key) ?? noCells, unitReward(decision.reward, decision), params.delta);
    cells.set(key, seen.cells);
    if (seen.change === null) continue;
    changes.push({ subject, actionId: action.id, at, ...seen.change });
    if (params.forget === 'subject') forgetOthers(cells, key, subject, params.perSubject);
  }
  return { cells, changes: changes.slice(-KEPT_CHANGES) };
}

/** Keys of one subject begin alike; without subjects all keys belong together. */
function forgetOthers(
  cells: Map<string, RewardCells>,
  changed: string,
  subject: string | null,
  perSubject: boolean,
): void {
  const prefix = perSubject && subject !== null ? JSON.stringify([subject]).slice(0, -1) + ',' : null;
  for (const key of cells.keys()) {
    const together = prefix === null ? !perSubject || !key.startsWith('[') : key.startsWith(prefix);
    if (key !== changed && together) cells.delete(key);
  }
}

function evidenceOf({ cells }: Watched, params: Params, request: DecisionRequest): Evidence {
  const known = request.actions.map(
    ({ id }) => cells.get(tallyKey(request.subject, id, params.perSubject)) ?? noCells,
  );
  return {
    weight: Float64Array.from(known, ({ counts }) => total(Float64Array.from(counts))),
    sum: Float64Array.from(known, ({ sums }) => total(Float64Array.from(sums))),
  };
}

function play(state: Watched, params: Params, request: DecisionRequest): Play {
  const { distribution, scores } = playThompsonBeta(evidenceOf(state, params, request), params);
  return { distribution: mixUniform(distribution, params.epsilon), scores };
}

function encode({ cells, changes }: Watched): Json {
  return {
    actions: [...cells].map(([key, { size, counts, sums }]) => ({
      key,
      size,
      cells: encodeFloats(Float64Array.from([...counts, ...sums])),
    })),
    changes: changes.map((change) => ({ ...change })),
  };
}

function decode(json: Json): Watched {
  const { actions, changes } = stateObject(json);
  if (!Array.isArray(actions) || !Array.isArray(changes)) {
    throw new DomainError('invalid_state', 'the stored state has no lists of actions and changes');
  }
  return { cells: new Map(actions.map(decodeAction)), changes: changes.map(decodeChange) };
}

function decodeAction(json: Json): [string, RewardCells] {
  const stored = stateObject(json);
  const numbers = [...decodeFloats(stateText(stored['cells'], 'cells'))];
  const count = numbers.length / 2;
  if (!Number.isInteger(count) || count > MOST_CELLS) {
    throw new DomainError('invalid_state', `an action has ${numbers.length} numbers in its cells`, '/cells');
  }
  const size = stateNumber(stored['size'], 'size');
  return [
    stateText(stored['key'], 'key'),
    { size, counts: numbers.slice(0, count), sums: numbers.slice(count) },
  ];
}

function decodeChange(json: Json): DetectedChange {
  const stored = stateObject(json);
  const subject = stored['subject'] ?? null;
  return {
    subject: subject === null ? null : stateText(subject, 'subject'),
    actionId: stateText(stored['actionId'], 'actionId'),
    at: stateNumber(stored['at'], 'at'),
    before: stateNumber(stored['before'], 'before'),
    after: stateNumber(stored['after'], 'after'),
  };
}

/** Thompson sampling for rewards in [0, 1] that starts afresh where the rewards of an action have changed. */
export const changeDetectingThompson: BanditPolicy<Params, Watched> = {
  key: 'change-detecting-thompson',
  title: 'Thompson sampling (change detector)',
  summary:
    'Remembers everything until an action earns clearly more or less than it did; then it starts afresh, and the change stands in the snapshot. For yes-or-no rewards.',
  reference:
    'Besson, Kaufmann, Maillard, Seznec (2022), Efficient change-point detection for tackling piecewise-stationary bandits',
  learns: 'online',
  leastReward: 0,
  params: defineParams(schema),
  stateVersion: 1,
  initialState: () => ({ cells: new Map(), changes: [] }),
  update: learn,
  encode,
  decode,
  compile: (state, params) => {
    const remember = rememberBySubjectAndActions((request) => play(state, params, request));
    return {
      decides: 'action',
      propensity: { kind: 'exact' },
      distribution: (request) => remember(request).distribution,
      scores: (request) => remember(request).scores,
      beliefs: (request) => betaBeliefs(evidenceOf(state, params, request), params),
    };
  },
};
