import { DomainError } from '#experiments';
import type { Json, ParamsSchema, Registry } from '#experiments';
import { stateObject, stateText } from '../codec.js';
import type {
  BanditPolicy,
  Chooser,
  CompiledPolicy,
  CorrectedReward,
  DecisionRequest,
  Policy,
  Ranker,
  RewardedDecision,
} from '../contract.js';
import type { Wrapper } from './contract.js';
import { finding } from './finding.js';
import { both, limited } from './limits.js';
import { reranked } from './reranked.js';

interface Worn {
  readonly key: string;
  readonly params: unknown;
}

/** Parameters of a policy that can be wrapped: its own, and `wrappers` from the inside out, absent when there is none. */
type WrappedParams = Readonly<Record<string, unknown>> & { readonly wrappers?: readonly Worn[] };

/** State of an online policy with its wrappers'. */
interface WrappedState {
  readonly inner: unknown;
  /** One per wrapper, in their order; null for those that keep nothing. */
  readonly memories: readonly { readonly key: string; readonly memory: unknown }[];
}

type Wrappers = Registry<Wrapper>;

function fail(pointer: string, message: string): never {
  throw new DomainError('invalid_params', `${pointer}: ${message}`, pointer);
}

function parseWorn(input: unknown, policy: Policy, wrappers: Wrappers): readonly Worn[] {
  if (input === undefined) return [];
  if (!Array.isArray(input)) fail('/wrappers', 'expected a list of {key, params}');
  const seen = new Set<string>();
  return input.map((entry: unknown, i) => {
    const at = `/wrappers/${i}`;
    if (entry === null || typeof entry !== 'object' || Array.isArray(entry))
      fail(at, 'expected {key, params}');
    const { key, params, ...more } = entry as Record<string, unknown>;
    const [unknown] = Object.keys(more);
    if (unknown !== undefined)
      fail(`${at}/${unknown}`, 'is not a field of a wrapper; allowed are key, params');
    const wrapper = typeof key === 'string' ? wrappers.find(key) : undefined;
    if (!wrapper) {
      const known = wrappers.list().map((one) => one.key);
      return fail(`${at}/key`, `no such wrapper; allowed are ${known.join(', ')}`);
    }
    if (seen.has(wrapper.key)) fail(`${at}/key`, `"${wrapper.key}" is there twice`);
    seen.add(wrapper.key);
    refuseMisfit(at, wrapper, policy);
    return { key: wrapper.key, params: parseInside(`${at}/params`, wrapper, params) };
  });
}

function refuseMisfit(at: string, wrapper: Wrapper, policy: Policy): void {
  if (wrapper.memory && policy.learns !== 'online')
    fail(`${at}/key`, `"${wrapper.key}" learns from rewards, and "${policy.key}" does not learn online`);
  // What learns in training runs ranks; the others show it when they are compiled.
  if (policy.learns === 'batch' && wrapper.wrap)
    fail(`${at}/key`, `"${wrapper.key}" changes probabilities, and "${policy.key}" gives scores`);
}

function parseInside(pointer: string, wrapper: Wrapper, params: unknown): unknown {
  try {
    return wrapper.params.parse(params);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const inside = error.pointer ?? '';
    return fail(
      `${pointer}${inside === '/' ? '' : inside}`,
      error.message.slice(inside.length).replace(/^: /, ''),
    );
  }
}

function paramsOf(policy: Policy, wrappers: Wrappers): ParamsSchema<WrappedParams> {
  const own = policy.params.jsonSchema as { readonly properties?: Readonly<Record<string, Json>> };
  const usable = wrappers
    .list()
    .filter((one) => (policy.learns === 'online' || !one.memory) && !(policy.learns === 'batch' && one.wrap));
  return {
    jsonSchema: {
      ...own,
      properties: {
        ...own.properties,
        wrappers: {
          type: 'array',
          default: [],
          description: 'What goes around the policy, from the inside out.',
          items: {
            type: 'object',
            properties: { key: { enum: usable.map(({ key }) => key) }, params: { type: 'object' } },
            required: ['key'],
            additionalProperties: false,
          },
        },
      },
    },
    parse(input) {
      if (input !== null && typeof input === 'object' && !Array.isArray(input) && 'wrappers' in input) {
        const { wrappers: given, ...rest } = input as Record<string, unknown>;
        const worn = parseWorn(given, policy, wrappers);
        const parsed = policy.params.parse(rest) as Record<string, unknown>;
        return worn.length === 0 ? parsed : { ...parsed, wrappers: worn };
      }
      return policy.params.parse(input) as WrappedParams;
    },
  };
}

/** The policy's own parameters, without those of its wrappers. */
function ownParams({ wrappers: _worn, ...own }: WrappedParams): unknown {
  return own;
}

const wornBy = (params: WrappedParams): readonly Worn[] => params.wrappers ?? [];

const initialMemories = (wrappers: Wrappers, worn: readonly Worn[]): WrappedState['memories'] =>
  worn.map(({ key, params }) => ({ key, memory: wrappers.get(key).memory?.initial(params) ?? null }));

/** From the outside in: each wrapper sees the rewards as the ones around it leave them. */
function updateAll(
  policy: BanditPolicy,
  wrappers: Wrappers,
  state: WrappedState,
  batch: readonly RewardedDecision[],
  params: WrappedParams,
): WrappedState {
  const worn = wornBy(params);
  const memories = [...state.memories];
  let seen = batch;
  for (let i = worn.length - 1; i >= 0; i--) {
    const { key, params: own } = worn[i] as Worn;
    const wrapper = wrappers.get(key);
    const before = state.memories[i]?.memory;
    if (wrapper.memory && batch.length > 0)
      memories[i] = { key, memory: wrapper.memory.update(before, seen, own) };
    const reward = wrapper.reward?.bind(wrapper);
    if (reward) seen = seen.map((decision) => ({ ...decision, reward: reward(decision, before, own) }));
  }
  return { inner: policy.update(state.inner, seen, ownParams(params)), memories };
}

/** Corrects what the policy inside has learned, by the rewards that wrappers let through. */
function correctAll(
  correct: NonNullable<BanditPolicy['correct']>,
  wrappers: Wrappers,
  state: WrappedState,
  batch: readonly CorrectedReward[],
  params: WrappedParams,
): WrappedState {
  const worn = wornBy(params);
  let seen = batch;
  for (let i = worn.length - 1; i >= 0; i--) {
    const { key, params: own } = worn[i] as Worn;
    const wrapper = wrappers.get(key);
    const memory = state.memories[i]?.memory;
    const reward = wrapper.reward?.bind(wrapper);
    if (!reward) continue;
    seen = seen.map((one) => ({
      ...one,
      reward: reward(one, memory, own),
      previous: reward({ ...one, reward: one.previous, signals: one.previousSignals ?? {} }, memory, own),
    }));
  }
  return { ...state, inner: correct(state.inner, seen, ownParams(params)) };
}

function compileAll(
  inner: CompiledPolicy,
  wrappers: Wrappers,
  memories: WrappedState['memories'],
  worn: readonly Worn[],
): CompiledPolicy {
  let compiled = inner;
  worn.forEach(({ key, params }, i) => {
    const wrapper = wrappers.get(key);
    if (wrapper.memory && memories[i]?.key !== key)
      throw new DomainError(
        'invalid_state',
        `the state holds no memory of the wrapper "${key}"`,
        '/memories',
      );
    compiled = limited(compiled, wrapper, params);
    if (compiled.decides === 'slate') compiled = finding(compiled as Ranker, wrapper, params);
    if (wrapper.rerank || wrapper.slots) {
      if (compiled.decides !== 'slate')
        fail(`/wrappers/${i}/key`, `"${key}" re-ranks scores, and this policy gives probabilities`);
      compiled = reranked(compiled as Ranker, wrapper, params);
    }
    if (!wrapper.wrap) return;
    if (compiled.decides !== 'action')
      fail(`/wrappers/${i}/key`, `"${key}" changes probabilities, and this policy gives scores`);
    compiled = wrapper.wrap(compiled as Chooser, memories[i]?.memory, params);
  });
  return compiled;
}

function encodeMemory(wrappers: Wrappers, { key, memory }: WrappedState['memories'][number]): Json {
  return { key, memory: wrappers.get(key).memory?.encode(memory) ?? null };
}

function decodeMemory(wrappers: Wrappers, json: Json): WrappedState['memories'][number] {
  const stored = stateObject(json);
  const key = stateText(stored['key'], 'key');
  return { key, memory: wrappers.get(key).memory?.decode(stored['memory'] as Json) ?? null };
}

/** Only a wrapped policy's stored state is an object with these two fields. */
const isWrapped = (json: Json): json is { wrapped: Json; memories: Json[] } =>
  json !== null &&
  typeof json === 'object' &&
  !Array.isArray(json) &&
  'wrapped' in json &&
  Array.isArray((json as { memories?: Json }).memories);

function wrappableBandit(
  policy: BanditPolicy,
  wrappers: Wrappers,
): BanditPolicy<WrappedParams, WrappedState> {
  const { warmStart, correct, corrects, ...rest } = policy;
  const begin = (inner: unknown, params: WrappedParams): WrappedState => ({
    inner,
    memories: initialMemories(wrappers, wornBy(params)),
  });
  return {
    ...rest,
    params: paramsOf(policy, wrappers),
    initialState: (params) => begin(policy.initialState(ownParams(params)), params),
    ...(warmStart && {
      warmStart: (data, params: WrappedParams) =>
        begin(warmStart.call(policy, data, ownParams(params)), params),
    }),
    ...(correct && {
      correct: (state: WrappedState, batch: readonly CorrectedReward[], params: WrappedParams) =>
        correctAll(correct.bind(policy), wrappers, state, batch, params),
      // A memory has counted the reward as it was.
      corrects: (params: WrappedParams) =>
        (corrects?.(ownParams(params)) ?? true) &&
        wornBy(params).every(({ key }) => !wrappers.get(key).memory),
    }),
    update: (state, batch, params) => updateAll(policy, wrappers, state, batch, params),
    encode: ({ inner, memories }) =>
      memories.length === 0
        ? policy.encode(inner)
        : { wrapped: policy.encode(inner), memories: memories.map((one) => encodeMemory(wrappers, one)) },
    decode: (json) =>
      isWrapped(json)
        ? {
            inner: policy.decode(json.wrapped),
            memories: json.memories.map((one) => decodeMemory(wrappers, one)),
          }
        : { inner: policy.decode(json), memories: [] },
    compile: ({ inner, memories }, params) =>
      compileAll(policy.compile(inner, ownParams(params)), wrappers, memories, wornBy(params)),
  };
}

/** See index.ts. */
export function allowedBy(params: unknown, request: DecisionRequest, wrappers: Wrappers): Uint8Array | null {
  const worn = (params as WrappedParams | null | undefined)?.wrappers;
  if (!Array.isArray(worn)) return null;
  let allowed: Uint8Array | null = null;
  for (const { key, params: own } of worn as readonly Worn[]) {
    const wrapper = wrappers.find(key);
    if (!wrapper?.hard || !wrapper.eligible) continue;
    const mask = wrapper.eligible(request, wrapper.params.parse(own));
    allowed = allowed ? both(allowed, mask) : mask;
  }
  return allowed;
}

/**
 * Gives a policy the parameter `wrappers`. Without wrappers it behaves, and its states are stored, as if it had never
 * been here. A wrapper's memory is part of the policy's state: it is learned in the same transaction, kept in the
 * same snapshot, and the log replays it.
 */
export function wrappable(policy: Policy, wrappers: Wrappers): Policy {
  if (policy.learns === 'online') return wrappableBandit(policy, wrappers) as Policy;
  const compile = (state: unknown, params: WrappedParams): CompiledPolicy =>
    compileAll(policy.compile(state as null, ownParams(params)), wrappers, [], wornBy(params));
  if (policy.learns === 'never') return { ...policy, params: paramsOf(policy, wrappers), compile } as Policy;
  return {
    ...policy,
    params: paramsOf(policy, wrappers),
    compile,
    fit: (data, params: WrappedParams, rng, progress, start) =>
      policy.fit(data, ownParams(params), rng, progress, start),
  } as Policy;
}
