import { policyRegistry } from '#policies';
import { CONSENTS } from './feature-rules.js';
import type { FeatureEntity } from './feature-rules.js';

/** Names of features that a fit was given; null: nobody noted them. */
export interface SeenFeatures {
  readonly context: readonly string[];
  readonly title: readonly string[];
}

/** What a policy reads, as far as its parameters, its kind and its last training say it. */
export interface FeatureReads {
  /** In parameters, by JSON pointer. */
  readonly named: readonly NamedFeature[];
  /** Whether it looks at all attributes of the context, and at all features of titles. */
  readonly context: boolean;
  readonly title: boolean;
  readonly history: boolean;
  /** Features of titles that its parameters tell it not to look at. */
  readonly ignored: readonly string[];
  readonly seen: SeenFeatures | null;
}

export interface NamedFeature {
  /** Below the parameters. */
  readonly pointer: string;
  readonly name: string;
}

const HISTORY: ReadonlySet<string> = new Set([
  'history',
  'historyActions',
  'historyAt',
  'historyDevices',
  'disliked',
]);
/** Parameters that only models over all features of titles, or of the context, have. */
const TITLE_PARAMS = ['ignore', 'leastTitles', 'maxActionFeatures'];
const CONTEXT_PARAMS = ['leastContexts'];
/** What these parameters name is not read. */
const NOT_READ = new Set(['ignore']);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Texts in parameters, which may be names of features. */
function* textsIn(value: unknown, pointer = ''): Generator<NamedFeature> {
  if (typeof value === 'string') yield { pointer, name: value };
  else if (Array.isArray(value)) {
    for (const [i, inner] of value.entries()) yield* textsIn(inner, `${pointer}/${i}`);
  } else if (isObject(value)) {
    for (const [key, inner] of Object.entries(value))
      if (!NOT_READ.has(key))
        yield* textsIn(inner, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }
}

/** The parameters of a policy and of those that it is made of. */
function* partsOf(
  key: string,
  params: unknown,
): Generator<readonly [string, Readonly<Record<string, unknown>>]> {
  if (!isObject(params)) return;
  yield [key, params];
  for (const value of Object.values(params).flat()) {
    if (!isObject(value) || typeof value['key'] !== 'string') continue;
    const part = policyRegistry.find(value['key']);
    if (part) yield* partsOf(part.key, parsed(part.key, value['params']));
  }
}

/** With defaults; as they are where the policy does not take them (any more). */
function parsed(key: string, params: unknown): unknown {
  try {
    return policyRegistry.get(key).params.parse(params ?? {});
  } catch {
    return params;
  }
}

/** @param params as stored; defaults count as well. */
export function readsOf(key: string, params: unknown, seen: SeenFeatures | null): FeatureReads {
  const parts = [...partsOf(key, parsed(key, params))];
  const has = (names: readonly string[]): boolean =>
    parts.some(([, own]) => names.some((name) => Object.hasOwn(own, name)));
  const needs = parts.map(([part, own]) => needsOf(part, own));
  const looksAtAll = parts.some(([, { attributes }]) => Array.isArray(attributes) && attributes.length === 0);
  return {
    named: parts.flatMap(([, own], i) => (i === 0 ? [...textsIn(own)] : [...textsIn(own)].map(belowPart))),
    context: looksAtAll || has(CONTEXT_PARAMS) || needs.some((one) => one?.contexts === true),
    title: has(TITLE_PARAMS) || needs.some((one) => one?.catalogue !== undefined),
    history: parts.some(([part]) => policyRegistry.find(part)?.learns === 'batch'),
    ignored: parts.flatMap(([, { ignore }]) => (Array.isArray(ignore) ? (ignore as string[]) : [])),
    seen,
  };
}

/** What a part names stands in its own parameters, or is a default of them: the pointer leads to the parts as a whole. */
const belowPart = ({ name }: NamedFeature): NamedFeature => ({ pointer: '', name });

function needsOf(key: string, params: unknown) {
  const policy = policyRegistry.find(key);
  return policy?.learns === 'batch' ? policy.needs?.(params) : undefined;
}

/** Whether a policy reads a feature, and how it comes to. */
export function howRead(
  reads: FeatureReads,
  { entity, name }: { readonly entity: FeatureEntity; readonly name: string },
): 'named' | 'all' | null {
  if (reads.named.some((one) => one.name === name)) return 'named';
  return (entity === 'title' ? readsTitle(reads, name) : readsContext(reads, name)) ? 'all' : null;
}

const readsTitle = ({ title, ignored, seen }: FeatureReads, name: string): boolean =>
  title && !ignored.includes(name) && (seen === null || seen.title.includes(name));

function readsContext({ context, history, seen }: FeatureReads, name: string): boolean {
  if (name === CONSENTS) return false;
  if (HISTORY.has(name)) return history;
  return context && (seen === null || seen.context.includes(name));
}
