import { z } from 'zod';
import { DomainError } from './errors.js';
import { compilePattern } from './pattern.js';
import { versionKey } from './version.js';
import type { ConditionOperator, ContextValue, Json } from './vocabulary.js';

/** Sizes of what stands in a clause; see `CONDITION_LIMITS` for those of the condition around it. */
export const CLAUSE_LIMITS = {
  attributeLength: 100,
  textLength: 500,
  listLength: 1000,
  patterns: 20,
} as const;

export type Scalar = string | number | boolean | null;
type Test = (actual: ContextValue) => boolean;
/** What a clause's `value` must be. Draws the dashboard's form. */
export type ClauseValue =
  | 'scalar'
  | 'list'
  | 'number-or-text'
  | 'text'
  | 'none'
  | 'pattern'
  | 'version'
  | 'count'
  | 'type'
  | 'entry'
  | 'unit-list';

/** Answers whether an id stands on a list; see unit-list.ts. */
export type HasUnit = (id: string) => boolean;
export type FindList = (key: string) => HasUnit;

export interface OperatorDefinition {
  readonly key: ConditionOperator;
  readonly title: string;
  readonly value: ClauseValue;
}
interface Operator extends OperatorDefinition {
  test(value: Json | undefined, list: FindList): Test;
}

const CONTEXT_TYPES = ['string', 'number', 'boolean', 'list', 'null'] as const;
const text = z
  .string()
  .max(CLAUSE_LIMITS.textLength, `is longer than ${CLAUSE_LIMITS.textLength} characters`);
const someText = z.string('must be a text').min(1, 'must not be empty').max(CLAUSE_LIMITS.textLength);
const scalar = z.union(
  [text, z.number(), z.boolean(), z.null()],
  'must be a text, a finite number, true, false or null',
);
const pattern = someText.superRefine((source, context) => {
  try {
    compilePattern(source);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

/** Schemas of `value`, by kind; that of an entry stands apart, because it holds another clause's. */
const VALUES: Readonly<Record<Exclude<ClauseValue, 'entry'>, z.ZodType>> = {
  scalar,
  list: z
    .array(scalar, 'must be a list')
    .min(1, 'must not be empty')
    .max(CLAUSE_LIMITS.listLength, `has more than ${CLAUSE_LIMITS.listLength} entries`),
  'number-or-text': z.union([z.number(), text], 'must be a finite number or a text'),
  text: someText,
  none: z.undefined('must be left out for this operator'),
  pattern,
  version: z
    .string('must be a version such as "12.4.1"')
    .regex(/^v?[0-9A-Za-z]+([.+-][0-9A-Za-z.+-]*)?$/, 'must be a version such as "12.4.1"')
    .max(100),
  count: z.int('must be a whole number').min(0).max(CLAUSE_LIMITS.listLength),
  type: z.enum(CONTEXT_TYPES, `must be one of ${CONTEXT_TYPES.join(', ')}`),
  'unit-list': z.string('must be the key of a unit list').min(1).max(100),
};

function compare(actual: ContextValue, value: Json | undefined, holds: (sign: number) => boolean): boolean {
  if (typeof actual === 'number' && typeof value === 'number')
    return !Number.isNaN(actual) && holds(Math.sign(actual - value));
  if (typeof actual === 'string' && typeof value === 'string')
    return holds(actual < value ? -1 : actual > value ? 1 : 0);
  return false;
}

const fold = (value: ContextValue): ContextValue => (typeof value === 'string' ? value.toLowerCase() : value);
const entriesOf = (value: Json | undefined): readonly Scalar[] =>
  Array.isArray(value) ? (value as Scalar[]) : [];
const asText = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const isList = (value: ContextValue): value is readonly string[] => Array.isArray(value);

/** Whether a value, or any entry of a list, is one of the members. */
function membership(value: Json | undefined, ignoreCase: boolean): Test {
  const of = ignoreCase ? fold : (one: ContextValue): ContextValue => one;
  const members = new Set<ContextValue>(entriesOf(value).map(of));
  return (actual) =>
    isList(actual) ? actual.some((entry) => members.has(of(entry))) : members.has(of(actual));
}

function holdsAll(value: Json | undefined, ignoreCase: boolean): Test {
  const of = (one: Scalar): ContextValue => (ignoreCase ? fold(one) : one);
  const wanted = entriesOf(value).map(of);
  return (actual) => {
    if (!isList(actual)) return false;
    const have = new Set<ContextValue>(actual.map(of));
    return wanted.every((one) => have.has(one));
  };
}

const not =
  (test: Test): Test =>
  (actual) =>
    !test(actual);
const signed = (key: ConditionOperator, title: string, holds: (sign: number) => boolean): Operator => ({
  key,
  title,
  value: 'number-or-text',
  test: (value) => (actual) => compare(actual, value, holds),
});
/** An unknown version compares as none. */
const version = (key: ConditionOperator, title: string, holds: (sign: number) => boolean): Operator => ({
  key,
  title,
  value: 'version',
  test: (value) => {
    const wanted = versionKey(value);
    return (actual) => typeof actual === 'string' && compare(versionKey(actual), wanted, holds);
  },
});
const sized = (key: ConditionOperator, title: string, holds: (sign: number) => boolean): Operator => ({
  key,
  title,
  value: 'count',
  test: (value) => (actual) => isList(actual) && compare(actual.length, value, holds),
});
const matching = (key: ConditionOperator, title: string, ignoreCase: boolean): Operator => ({
  key,
  title,
  value: 'pattern',
  test: (value) => {
    const matches = compilePattern(asText(value), ignoreCase);
    return (actual) => typeof actual === 'string' && matches(actual);
  },
});
const listed = (key: ConditionOperator, title: string, wanted: boolean): Operator => ({
  key,
  title,
  value: 'unit-list',
  test: (value, list) => {
    const has = list(asText(value));
    return (actual) => (typeof actual === 'string' && has(actual)) === wanted;
  },
});

/**
 * One entry per operator. A missing attribute counts as null, so the negations hold for it and the comparisons do not.
 * Types are never converted: 1 is not "1". The memberships look for any common entry when the attribute is a list.
 */
const OPERATORS: readonly Operator[] = [
  { key: 'eq', title: 'is', value: 'scalar', test: (value) => (actual) => actual === value },
  { key: 'ne', title: 'is not', value: 'scalar', test: (value) => (actual) => actual !== value },
  { key: 'in', title: 'is one of', value: 'list', test: (value) => membership(value, false) },
  { key: 'notIn', title: 'is none of', value: 'list', test: (value) => not(membership(value, false)) },
  signed('lt', 'is less than', (sign) => sign < 0),
  signed('lte', 'is at most', (sign) => sign <= 0),
  signed('gt', 'is more than', (sign) => sign > 0),
  signed('gte', 'is at least', (sign) => sign >= 0),
  { key: 'exists', title: 'is known', value: 'none', test: () => (actual) => actual !== null },
  { key: 'notExists', title: 'is not known', value: 'none', test: () => (actual) => actual === null },
  {
    key: 'contains',
    title: 'contains',
    value: 'text',
    test: (value) => (actual) =>
      (typeof actual === 'string' || isList(actual)) && actual.includes(asText(value)),
  },
  {
    key: 'startsWith',
    title: 'starts with',
    value: 'text',
    test: (value) => (actual) => typeof actual === 'string' && actual.startsWith(asText(value)),
  },
  {
    key: 'endsWith',
    title: 'ends with',
    value: 'text',
    test: (value) => (actual) => typeof actual === 'string' && actual.endsWith(asText(value)),
  },
  {
    key: 'inIgnoreCase',
    title: 'is one of (any case)',
    value: 'list',
    test: (value) => membership(value, true),
  },
  {
    key: 'notInIgnoreCase',
    title: 'is none of (any case)',
    value: 'list',
    test: (value) => not(membership(value, true)),
  },
  { key: 'hasAll', title: 'has all of', value: 'list', test: (value) => holdsAll(value, false) },
  {
    key: 'hasAllIgnoreCase',
    title: 'has all of (any case)',
    value: 'list',
    test: (value) => holdsAll(value, true),
  },
  matching('matches', 'matches the pattern', false),
  matching('matchesIgnoreCase', 'matches the pattern (any case)', true),
  {
    key: 'isType',
    title: 'is of the type',
    value: 'type',
    test: (value) => (actual) =>
      (actual === null ? 'null' : isList(actual) ? 'list' : typeof actual) === value,
  },
  sized('sizeIs', 'has exactly this many entries', (sign) => sign === 0),
  sized('sizeAtLeast', 'has at least this many entries', (sign) => sign >= 0),
  sized('sizeAtMost', 'has at most this many entries', (sign) => sign <= 0),
  {
    key: 'elemMatch',
    title: 'has an entry that',
    value: 'entry',
    test: (value, list) => {
      const { op, value: inner } = value as { readonly op: ConditionOperator; readonly value?: Json };
      const test = testOf(op, inner, list);
      return (actual) => isList(actual) && actual.some(test);
    },
  },
  version('versionEq', 'is the version', (sign) => sign === 0),
  version('versionNe', 'is not the version', (sign) => sign !== 0),
  version('versionLt', 'is a version before', (sign) => sign < 0),
  version('versionLte', 'is at most the version', (sign) => sign <= 0),
  version('versionGt', 'is a version after', (sign) => sign > 0),
  version('versionGte', 'is at least the version', (sign) => sign >= 0),
  listed('inList', 'is on the list', true),
  listed('notInList', 'is not on the list', false),
];

/** The operators with their titles and kinds of value, for the dashboard's form. */
export const CONDITION_OPERATORS: readonly OperatorDefinition[] = OPERATORS.map(({ key, title, value }) => ({
  key,
  title,
  value,
}));
const BY_KEY = new Map(OPERATORS.map((operator) => [operator.key, operator]));
export const OPERATOR_KEYS: readonly ConditionOperator[] = [...BY_KEY.keys()];

export const titleOf = (op: ConditionOperator): string => BY_KEY.get(op)?.title ?? op;

/** The test of one clause. @throws DomainError `unknown_unit_list` where it names a list that does not exist. */
export function testOf(op: ConditionOperator, value: Json | undefined, list: FindList): Test {
  const operator = BY_KEY.get(op);
  if (!operator) throw new DomainError('invalid_condition', `"${op}" is not an operator`);
  return operator.test(value, list);
}

const entrySchema = z.strictObject(
  {
    op: z.enum(OPERATORS.filter(({ value }) => value !== 'entry').map(({ key }) => key)),
    value: z.unknown().optional(),
  },
  'must be {"op": ..., "value": ...}, a clause without an attribute',
);

/**
 * Checks a clause's value against its operator. @returns the first fault as a path below `value` and a sentence, or null.
 */
export function valueFault(
  op: ConditionOperator,
  value: unknown,
): { readonly path: readonly string[]; readonly message: string } | null {
  const kind = BY_KEY.get(op)?.value ?? 'none';
  const checked = (kind === 'entry' ? entrySchema : VALUES[kind]).safeParse(value);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    return { path: (issue?.path ?? []).map(String), message: issue?.message ?? 'is invalid' };
  }
  if (kind !== 'entry') return null;
  const entry = checked.data as z.output<typeof entrySchema>;
  const inner = valueFault(entry.op, entry.value);
  return inner && { path: ['value', ...inner.path], message: inner.message };
}
