import { compilePattern } from '../pattern.js';
import { versionKey } from '../version.js';
import type { Json } from '../vocabulary.js';
import type { SavedGroups } from './condition.js';
import { isOperatorObject, isRecord, typeName } from './json.js';

export interface Evaluation {
  readonly savedGroups: SavedGroups;
  readonly steps: { left: number };
}
export type Check = (value: Json, evaluation: Evaluation) => boolean;

/** How an operator compiles what stands inside it. */
interface Compiling {
  value(inner: Json): Check;
  condition(inner: Json): Check;
}
type Operator = (expected: Json, compiling: Compiling) => Check;

const never: Check = () => false;
const fold = (value: Json): Json => (typeof value === 'string' ? value.toLowerCase() : value);
const isScalar = (value: Json): value is string | number | boolean | null =>
  typeof value !== 'object' || value === null;

/** JavaScript's comparison of two scalars; lists and objects compare as nothing. */
const comparing =
  (holds: (actual: never, expected: never) => boolean): Operator =>
  (expected) =>
  (value) =>
    isScalar(value) && isScalar(expected) && holds(value as never, expected as never);

const versions =
  (holds: (actual: string, expected: string) => boolean): Operator =>
  (expected) => {
    const key = versionKey(expected);
    return (value) => holds(versionKey(value), key);
  };

/** Whether a value, or any entry of a list, is among the members. */
function member(list: readonly Json[], ignoreCase: boolean): (value: Json) => boolean {
  const of = ignoreCase ? fold : (value: Json): Json => value;
  const members = new Set<Json>(list.map(of));
  return (value) =>
    Array.isArray(value) ? value.some((entry: Json) => members.has(of(entry))) : members.has(of(value));
}

const among =
  (ignoreCase: boolean, wanted: boolean): Operator =>
  (expected) => {
    if (!Array.isArray(expected)) return never;
    const isMember = member(expected, ignoreCase);
    return (value) => isMember(value) === wanted;
  };

const group =
  (wanted: boolean): Operator =>
  (expected) => {
    const name = typeof expected === 'string' ? expected : '';
    return (value, { savedGroups }) => {
      const list = Object.hasOwn(savedGroups, name) ? savedGroups[name] : undefined;
      return (list !== undefined && sharesEntry(value, list)) === wanted;
    };
  };

/** Groups change from payload to payload, so that their sets are kept beside the lists and not in the condition. */
const groupSets = new WeakMap<readonly Json[], (value: Json) => boolean>();
function sharesEntry(value: Json, list: readonly Json[]): boolean {
  let known = groupSets.get(list);
  if (!known) groupSets.set(list, (known = member(list, false)));
  return known(value);
}

const all =
  (ignoreCase: boolean): Operator =>
  (expected, { value: compile }) => {
    if (!Array.isArray(expected)) return never;
    const checks = expected.map((one: Json) => compile(ignoreCase ? fold(one) : one));
    return (value, evaluation) =>
      Array.isArray(value) &&
      checks.every((check) => value.some((one: Json) => check(ignoreCase ? fold(one) : one, evaluation)));
  };

const pattern =
  (ignoreCase: boolean): Operator =>
  (expected) => {
    if (typeof expected !== 'string') return never;
    try {
      const matches = compilePattern(expected, ignoreCase);
      return (value) => isScalar(value) && matches(String(value));
    } catch {
      return never;
    }
  };

/** The operators of GrowthBook's conditions, by name. One entry each. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  $eq: (expected) => (value) => value === expected,
  $ne: (expected) => (value) => value !== expected,
  $lt: comparing((actual, expected) => actual < expected),
  $lte: comparing((actual, expected) => actual <= expected),
  $gt: comparing((actual, expected) => actual > expected),
  $gte: comparing((actual, expected) => actual >= expected),
  $exists: (expected) => (value) => (expected ? value !== null : value === null),
  $in: among(false, true),
  $nin: among(false, false),
  $ini: among(true, true),
  $nini: among(true, false),
  $inGroup: group(true),
  $notInGroup: group(false),
  $all: all(false),
  $alli: all(true),
  $regex: pattern(false),
  $regexi: pattern(true),
  $type: (expected) => (value) => typeName(value) === expected,
  $size: (expected, { value: compile }) => {
    const check = compile(expected);
    return (value, evaluation) => Array.isArray(value) && check(value.length, evaluation);
  },
  $elemMatch: (expected, { value, condition }) => {
    const check = isRecord(expected) && isOperatorObject(expected) ? value(expected) : condition(expected);
    return (list, evaluation) =>
      Array.isArray(list) && list.some((one: Json) => Boolean(one) && check(one, evaluation));
  },
  $not: (expected, { value: compile }) => {
    const check = compile(expected);
    return (value, evaluation) => !check(value, evaluation);
  },
  $veq: versions((actual, expected) => actual === expected),
  $vne: versions((actual, expected) => actual !== expected),
  $vgt: versions((actual, expected) => actual > expected),
  $vgte: versions((actual, expected) => actual >= expected),
  $vlt: versions((actual, expected) => actual < expected),
  $vlte: versions((actual, expected) => actual <= expected),
};
