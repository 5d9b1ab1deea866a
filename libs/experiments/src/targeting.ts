import { z } from 'zod';
import { DomainError } from './errors.js';
import type { Condition, ConditionOperator, Context, ContextValue, Json } from './vocabulary.js';

/** Limits of a condition: a request pays for every clause, so a stored condition cannot be made slow. */
export const CONDITION_LIMITS = {
  nodes: 200,
  depth: 10,
  attributeLength: 100,
  textLength: 500,
  listLength: 1000,
} as const;

type Clause = Extract<Condition, { op: ConditionOperator }>;
type Scalar = string | number | boolean | null;
export type Predicate = (context: Context) => boolean;

/** What a clause's `value` must be, by operator. Draws the dashboard's form. */
export const CONDITION_OPERATORS: readonly {
  readonly key: ConditionOperator;
  readonly title: string;
  readonly value: 'scalar' | 'list' | 'number-or-text' | 'text' | 'none';
}[] = [
  { key: 'eq', title: 'is', value: 'scalar' },
  { key: 'ne', title: 'is not', value: 'scalar' },
  { key: 'in', title: 'is one of', value: 'list' },
  { key: 'notIn', title: 'is none of', value: 'list' },
  { key: 'lt', title: 'is less than', value: 'number-or-text' },
  { key: 'lte', title: 'is at most', value: 'number-or-text' },
  { key: 'gt', title: 'is more than', value: 'number-or-text' },
  { key: 'gte', title: 'is at least', value: 'number-or-text' },
  { key: 'exists', title: 'is known', value: 'none' },
  { key: 'notExists', title: 'is not known', value: 'none' },
  { key: 'contains', title: 'contains', value: 'text' },
  { key: 'startsWith', title: 'starts with', value: 'text' },
  { key: 'endsWith', title: 'ends with', value: 'text' },
];
const OPERATORS = new Map(CONDITION_OPERATORS.map((operator) => [operator.key, operator]));

const text = z
  .string()
  .max(CONDITION_LIMITS.textLength, `is longer than ${CONDITION_LIMITS.textLength} characters`);
const scalar = z.union(
  [text, z.number(), z.boolean(), z.null()],
  'must be a text, a finite number, true, false or null',
);
const values = {
  scalar,
  list: z
    .array(scalar, 'must be a list')
    .min(1, 'must not be empty')
    .max(CONDITION_LIMITS.listLength, `has more than ${CONDITION_LIMITS.listLength} entries`),
  'number-or-text': z.union([z.number(), text], 'must be a finite number or a text'),
  text: z.string('must be a text').min(1, 'must not be empty').max(CONDITION_LIMITS.textLength),
  none: z.undefined('must be left out for this operator'),
} as const;
const clauseShape = z.strictObject({
  attribute: z.string('must be a text').min(1, 'must not be empty').max(CONDITION_LIMITS.attributeLength),
  op: z.enum([...OPERATORS.keys()], `must be one of ${[...OPERATORS.keys()].join(', ')}`),
  value: z.unknown().optional(),
});

function fail(pointer: string, message: string): never {
  throw new DomainError('invalid_condition', `${pointer || '/'}: ${message}`, pointer || '/');
}

/** Fails with the first issue of a zod error, its path below the clause's pointer. */
function failAt(parts: readonly string[], error: z.ZodError): never {
  const issue = error.issues[0];
  return fail([...parts, ...(issue?.path ?? []).map(String)].join('/'), issue?.message ?? 'is invalid');
}

function parseClause(input: object, pointer: string): Clause {
  const shape = clauseShape.safeParse(input);
  if (!shape.success) return failAt([pointer], shape.error);
  const { attribute, op, value } = shape.data;
  const checked = values[OPERATORS.get(op)?.value ?? 'none'].safeParse(value);
  if (!checked.success) return failAt([pointer, 'value'], checked.error);
  return value === undefined ? { attribute, op } : { attribute, op, value: value as Json };
}

function parseNode(input: unknown, pointer: string, depth: number, budget: { nodes: number }): Condition {
  if (depth > CONDITION_LIMITS.depth) fail(pointer, `is nested deeper than ${CONDITION_LIMITS.depth} levels`);
  if (++budget.nodes > CONDITION_LIMITS.nodes)
    fail(pointer, `the condition has more than ${CONDITION_LIMITS.nodes} parts`);
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return fail(pointer, 'must be an object');
  const keys = Object.keys(input);
  const group = keys.find((key) => key === 'all' || key === 'any' || key === 'not');
  if (group === undefined) return parseClause(input, pointer);
  if (keys.length > 1)
    fail(pointer, `"${group}" stands alone; also given: ${keys.filter((k) => k !== group).join(', ')}`);
  const inner = (input as Record<string, unknown>)[group];
  const below = `${pointer}/${group}`;
  if (group === 'not') return { not: parseNode(inner, below, depth + 1, budget) };
  if (!Array.isArray(inner) || inner.length === 0)
    return fail(below, 'must be a list of at least one condition');
  const parts = inner.map((part, i) => parseNode(part, `${below}/${i}`, depth + 1, budget));
  return group === 'all' ? { all: parts } : { any: parts };
}

/**
 * Checks a condition from outside and returns a clean copy.
 * @throws DomainError `invalid_condition` with the JSON pointer of the offending part.
 */
export function parseCondition(input: unknown): Condition {
  return parseNode(input, '', 1, { nodes: 0 });
}

/** `parseCondition` as a zod schema, for request bodies. */
export const conditionSchema: z.ZodType<Condition, unknown> = z
  .unknown()
  .transform((input, context): Condition => {
    try {
      return parseCondition(input);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const path = (error.pointer ?? '').split('/').filter((part) => part !== '');
      context.addIssue({ code: 'custom', message: error.message, path, params: { code: error.code } });
      return z.NEVER;
    }
  });

/** An own property or null: a context never answers with something it inherited. */
function read(context: Context, attribute: string): ContextValue {
  return Object.hasOwn(context, attribute) ? (context[attribute] ?? null) : null;
}

function compare(actual: ContextValue, value: number | string, holds: (sign: number) => boolean): boolean {
  if (typeof actual === 'number' && typeof value === 'number')
    return !Number.isNaN(actual) && holds(Math.sign(actual - value));
  if (typeof actual === 'string' && typeof value === 'string')
    return holds(actual < value ? -1 : actual > value ? 1 : 0);
  return false;
}

function membership(list: readonly Scalar[]): (actual: ContextValue) => boolean {
  const members = new Set<ContextValue>(list);
  return (actual) =>
    Array.isArray(actual) ? actual.some((entry: string) => members.has(entry)) : members.has(actual);
}

type Test = (actual: ContextValue) => boolean;
const asText = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const bound = (value: Json | undefined): number | string =>
  typeof value === 'number' ? value : asText(value);

/**
 * One test per operator. A missing attribute counts as null, so `ne` and `notIn` hold for it and the comparisons do not.
 * Types are never converted: 1 is not "1". `in` and `notIn` look for any common entry when the attribute is a list.
 */
const TESTS: Record<ConditionOperator, (value: Json | undefined) => Test> = {
  eq: (value) => (actual) => actual === value,
  ne: (value) => (actual) => actual !== value,
  in: (value) => membership(value as readonly Scalar[]),
  notIn: (value) => {
    const isMember = membership(value as readonly Scalar[]);
    return (actual) => !isMember(actual);
  },
  lt: (value) => (actual) => compare(actual, bound(value), (sign) => sign < 0),
  lte: (value) => (actual) => compare(actual, bound(value), (sign) => sign <= 0),
  gt: (value) => (actual) => compare(actual, bound(value), (sign) => sign > 0),
  gte: (value) => (actual) => compare(actual, bound(value), (sign) => sign >= 0),
  exists: () => (actual) => actual !== null,
  notExists: () => (actual) => actual === null,
  contains: (value) => {
    const part = asText(value);
    return (actual) => (typeof actual === 'string' || Array.isArray(actual)) && actual.includes(part);
  },
  startsWith: (value) => (actual) => typeof actual === 'string' && actual.startsWith(asText(value)),
  endsWith: (value) => (actual) => typeof actual === 'string' && actual.endsWith(asText(value)),
};

/**
 * Compiles a parsed condition once per catalogue change. The predicate allocates nothing and reads own properties only.
 * @param condition as returned by `parseCondition`; null matches everybody.
 */
export function compileCondition(condition: Condition | null): Predicate {
  if (condition === null) return () => true;
  if ('all' in condition) {
    const parts = condition.all.map(compileCondition);
    return (context) => parts.every((part) => part(context));
  }
  if ('any' in condition) {
    const parts = condition.any.map(compileCondition);
    return (context) => parts.some((part) => part(context));
  }
  if ('not' in condition) {
    const part = compileCondition(condition.not);
    return (context) => !part(context);
  }
  const { attribute } = condition;
  const test = TESTS[condition.op](condition.value);
  return (context) => test(read(context, attribute));
}

/** One clause of a condition against one context, for the decision inspector. */
export interface ClauseResult {
  /** Where the clause stands, for example `/all/0/not`. */
  readonly pointer: string;
  /** The clause in words, for example `country is one of ["FR","DE"]`. */
  readonly clause: string;
  readonly attribute: string;
  readonly expected: Json;
  /** The context's value; null where it has none. */
  readonly actual: ContextValue;
  /** Whether the clause itself holds; a `not` around it is not applied. */
  readonly passed: boolean;
}

export interface ConditionExplanation {
  readonly passed: boolean;
  readonly clauses: readonly ClauseResult[];
}

/** Evaluates every clause, also those that a short-circuit would have skipped. */
export function explainCondition(condition: Condition | null, context: Context): ConditionExplanation {
  const clauses: ClauseResult[] = [];
  const visit = (node: Condition, pointer: string): boolean => {
    if ('all' in node) return node.all.map((part, i) => visit(part, `${pointer}/all/${i}`)).every(Boolean);
    if ('any' in node) return node.any.map((part, i) => visit(part, `${pointer}/any/${i}`)).some(Boolean);
    if ('not' in node) return !visit(node.not, `${pointer}/not`);
    const actual = read(context, node.attribute);
    const passed = TESTS[node.op](node.value)(actual);
    const clause = describeClause(node);
    clauses.push({
      pointer,
      clause,
      attribute: node.attribute,
      expected: node.value ?? null,
      actual,
      passed,
    });
    return passed;
  };
  return { passed: condition === null || visit(condition, ''), clauses };
}

function describeClause(clause: Clause): string {
  const operator = OPERATORS.get(clause.op);
  const value = clause.value === undefined ? '' : ` ${JSON.stringify(clause.value)}`;
  return `${clause.attribute} ${operator?.title ?? clause.op}${value}`;
}
