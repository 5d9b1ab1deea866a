import { DomainError } from '../errors.js';
import type { Json } from '../vocabulary.js';
import { isOperatorObject, isRecord, typeName } from './json.js';
import type { JsonObject } from './json.js';
import { OPERATORS } from './operators.js';
import type { Check, Evaluation } from './operators.js';

/** What a condition from outside may be made of; parsing refuses more. */
export const MONGO_LIMITS = { nodes: 500, depth: 12, listLength: 10_000, pathLength: 200 } as const;

/**
 * Steps that one evaluation may take: nested `$elemMatch` and `$all` multiply, and the attributes come from outside. What
 * has not been decided by then does not match.
 */
export const MONGO_STEPS = 100_000;

/** Lists of ids by name, as the payload of GrowthBook carries them. */
export type SavedGroups = Readonly<Record<string, readonly Json[]>>;
export type MongoCondition = (attributes: JsonObject, savedGroups?: SavedGroups) => boolean;

class Steps {
  left: number = MONGO_STEPS;
}

/** Thrown when the steps are used up; never leaves `compileMongoCondition`. */
class OutOfSteps extends Error {}

interface Budget {
  nodes: number;
}

function fail(pointer: string, message: string): never {
  throw new DomainError('invalid_condition', `${pointer || '/'}: ${message}`, pointer || '/');
}

function spend(budget: Budget, pointer: string, depth: number): void {
  if (depth > MONGO_LIMITS.depth) fail(pointer, `is nested deeper than ${MONGO_LIMITS.depth} levels`);
  if (++budget.nodes > MONGO_LIMITS.nodes)
    fail(pointer, `the condition has more than ${MONGO_LIMITS.nodes} parts`);
}

/** The value at a dotted path, own properties only; null where there is none. */
function atPath(attributes: Json, path: readonly string[]): Json {
  let current: Json = attributes;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return null;
    current = (current as JsonObject)[part] ?? null;
  }
  return current;
}

const counted =
  (check: Check): Check =>
  (value, evaluation) => {
    if (--evaluation.steps.left < 0) throw new OutOfSteps();
    return check(value, evaluation);
  };

function compileLiteral(expected: Json): Check {
  if (typeof expected === 'string') return (value) => textOf(value) === expected;
  if (typeof expected === 'number') return (value) => numberOf(value) === expected;
  if (typeof expected === 'boolean') return (value) => value !== null && Boolean(value) === expected;
  if (expected === null) return (value) => value === null;
  const written = JSON.stringify(expected);
  return (value) => JSON.stringify(value) === written;
}

const textOf = (value: Json): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
const numberOf = (value: Json): number => (typeof value === 'object' && value !== null ? NaN : Number(value));

/** A literal, or an object of operators that must all hold. */
function compileValue(input: Json, pointer: string, depth: number, budget: Budget): Check {
  spend(budget, pointer, depth);
  if (!isRecord(input) || !isOperatorObject(input)) return counted(compileLiteral(input));
  const checks = Object.entries(input).map(([key, expected]) => {
    const at = `${pointer}/${key}`;
    const operator = Object.hasOwn(OPERATORS, key) ? OPERATORS[key] : undefined;
    // As in the SDKs, which may be older or newer than a condition: what is not known matches nothing.
    if (!operator) return () => false;
    if (Array.isArray(expected) && expected.length > MONGO_LIMITS.listLength)
      return fail(at, `has more than ${MONGO_LIMITS.listLength} entries`);
    return operator(expected, {
      value: (inner) => compileValue(inner, at, depth + 1, budget),
      condition: (inner) => compileObject(inner, at, depth + 1, budget),
    });
  });
  return counted((value, evaluation) => checks.every((check) => check(value, evaluation)));
}

function compileList(input: Json, pointer: string, depth: number, budget: Budget): Check[] {
  if (!Array.isArray(input)) return fail(pointer, 'must be a list of conditions');
  return input.map((part: Json, i) => compileObject(part, `${pointer}/${i}`, depth + 1, budget));
}

type Group = (input: Json, pointer: string, depth: number, budget: Budget) => Check;
const GROUPS: Readonly<Record<string, Group>> = {
  $and: (...input) => {
    const parts = compileList(...input);
    return (value, evaluation) => parts.every((part) => part(value, evaluation));
  },
  $or: (...input) => {
    const parts = compileList(...input);
    return (value, evaluation) => parts.length === 0 || parts.some((part) => part(value, evaluation));
  },
  $nor: (...input) => {
    const parts = compileList(...input);
    return (value, evaluation) => parts.length > 0 && !parts.some((part) => part(value, evaluation));
  },
  $not: (input, pointer, depth, budget) => {
    const part = compileObject(input, pointer, depth + 1, budget);
    return (value, evaluation) => !part(value, evaluation);
  },
};

/** An object of paths and groups that must all hold. */
function compileObject(input: Json, pointer: string, depth: number, budget: Budget): Check {
  spend(budget, pointer, depth);
  if (!isRecord(input)) return fail(pointer, `must be an object, not ${typeName(input)}`);
  const checks = Object.entries(input).map(([key, inner]): Check => {
    const at = `${pointer}/${key}`;
    const group = Object.hasOwn(GROUPS, key) ? GROUPS[key] : undefined;
    if (group) return group(inner, at, depth, budget);
    if (key.length > MONGO_LIMITS.pathLength)
      return fail(pointer, `a path is longer than ${MONGO_LIMITS.pathLength} characters`);
    const path = key.split('.');
    const check = compileValue(inner, at, depth + 1, budget);
    return (value, evaluation) => check(atPath(value, path), evaluation);
  });
  return counted((value, evaluation) => checks.every((check) => check(value, evaluation)));
}

const NO_GROUPS: SavedGroups = Object.freeze({});

/**
 * Compiles a condition in the MongoDB style of GrowthBook's payloads, with the same meaning as its SDKs give it:
 * dotted paths, operators, and JavaScript's conversions where the SDKs have them. Unlike theirs it is bounded
 * (`MONGO_LIMITS`, `MONGO_STEPS`), matches patterns in linear time, and reads own properties only.
 * A pattern that cannot be compiled matches nothing, as in the SDKs.
 * @throws DomainError `invalid_condition` with the JSON pointer of the offending part.
 */
export function compileMongoCondition(condition: Json): MongoCondition {
  const check = compileObject(condition, '', 1, { nodes: 0 });
  return (attributes, savedGroups = NO_GROUPS) => {
    const evaluation: Evaluation = { savedGroups, steps: new Steps() };
    try {
      return check(attributes, evaluation);
    } catch (error) {
      if (error instanceof OutOfSteps) return false;
      throw error;
    }
  };
}
