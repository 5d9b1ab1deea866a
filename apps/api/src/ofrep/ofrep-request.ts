import type { Context, ContextValue } from '#experiments';
import { Problem } from '../http/problem.js';
import type { FlagsAsked } from '../serving/flag-service.js';

const MOST_DEPTH = 3;
const MOST_FLAGS = 500;

/** What a context may ask besides telling about the unit; the names begin with $ as no attribute does. */
const OPTIONS = ['$unitType', '$subject', '$limit', '$expose', '$tester'] as const;

export interface OfrepRequest {
  readonly asked: FlagsAsked;
  /** Null: all flags. */
  readonly only: ReadonlySet<string> | null;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const invalid = (pointer: string, message: string): never => {
  throw Problem.invalid(pointer, 'invalid_value', message);
};

/** Our contexts are flat: `{"user": {"plan": "x"}}` becomes `user.plan`. */
function flatten(
  given: Readonly<Record<string, unknown>>,
  prefix: string,
  into: Record<string, ContextValue>,
): void {
  for (const [name, value] of Object.entries(given)) {
    const key = prefix + name;
    if (isObject(value)) {
      if (key.split('.').length >= MOST_DEPTH)
        invalid(`/context/${key}`, `is nested deeper than ${MOST_DEPTH}`);
      flatten(value, `${key}.`, into);
    } else into[key] = value as ContextValue;
  }
}

function onlyOf(value: unknown): ReadonlySet<string> | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value) || value.length > MOST_FLAGS || !value.every((key) => typeof key === 'string'))
    return invalid('/context/$flags', `must be a list of at most ${MOST_FLAGS} keys of flags`);
  return new Set(value as string[]);
}

/**
 * The body of both endpoints, `{"context": {"targetingKey": ..., ...}}`.
 * @throws Problem `parse_error`, `targeting_key_missing` or `invalid_request`.
 */
export function readOfrep(body: unknown): OfrepRequest {
  if (!isObject(body)) throw new Problem(400, 'parse_error', 'The body must be an object with a "context"');
  const { context = {} } = body;
  if (!isObject(context)) return invalid('/context', 'must be an object');
  const { targetingKey, $flags, ...rest } = context;
  if (targetingKey === undefined || targetingKey === null || targetingKey === '')
    throw new Problem(400, 'targeting_key_missing', 'The context needs a targetingKey: the id of the unit');
  if (typeof targetingKey !== 'string') return invalid('/context/targetingKey', 'must be a text');
  const attributes: Record<string, unknown> = { ...rest };
  const options: Record<string, unknown> = {};
  for (const name of OPTIONS) {
    if (attributes[name] !== undefined) options[name.slice(1)] = attributes[name];
    delete attributes[name];
  }
  const flat: Record<string, ContextValue> = {};
  flatten(attributes, '', flat);
  return { asked: { ...options, unitId: targetingKey, context: flat as Context }, only: onlyOf($flags) };
}
