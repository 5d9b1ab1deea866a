import { z } from 'zod';
import { DomainError } from './errors.js';
import { CLAUSE_LIMITS, OPERATOR_KEYS, testOf, titleOf, valueFault } from './targeting-operators.js';
import type { FindList, HasUnit } from './targeting-operators.js';
import type { Condition, ConditionOperator, Context, ContextValue, Json } from './vocabulary.js';

/** Limits of a condition: a request pays for every clause, so a stored condition cannot be made slow. */
export const CONDITION_LIMITS = { ...CLAUSE_LIMITS, nodes: 200, depth: 10, segments: 10 } as const;

/** The attribute that stands for the id of the unit that is assigned; a context cannot carry it. */
export const UNIT_ATTRIBUTE = '$unit';

type Clause = Extract<Condition, { op: ConditionOperator }>;
type SegmentNode = Extract<Condition, { segment: string }>;
/** @param unitId of the unit that is assigned; what `$unit` stands for. */
export type Predicate = (context: Context, unitId?: string) => boolean;

/** What conditions name: saved segments and unit lists. */
export interface ConditionSources {
  /** Undefined where there is no such segment or version. */
  segment(key: string, version?: number): Condition | undefined;
  list(key: string): HasUnit | undefined;
}
export const NO_SOURCES: ConditionSources = { segment: () => undefined, list: () => undefined };

function fail(pointer: string, message: string): never {
  throw new DomainError('invalid_condition', `${pointer || '/'}: ${message}`, pointer || '/');
}

const clauseShape = z.strictObject({
  attribute: z
    .string('must be a text')
    .min(1, 'must not be empty')
    .max(CONDITION_LIMITS.attributeLength)
    .refine(
      (name) => !name.startsWith('$') || name === UNIT_ATTRIBUTE,
      `only "${UNIT_ATTRIBUTE}" begins with $`,
    ),
  op: z.enum(OPERATOR_KEYS, `must be one of ${OPERATOR_KEYS.join(', ')}`),
  value: z.unknown().optional(),
});
const segmentShape = z.strictObject({
  segment: z.string('must be the key of a segment').min(1, 'must not be empty').max(100),
  version: z.int('must be a whole number').min(1).optional(),
});

/** The parsed shape, or a failure at the first issue, its path below the clause's pointer. */
function shapeOf<S extends z.ZodType>(schema: S, input: object, pointer: string): z.output<S> {
  const shape = schema.safeParse(input);
  if (shape.success) return shape.data;
  const issue = shape.error.issues[0];
  return fail([pointer, ...(issue?.path ?? []).map(String)].join('/'), issue?.message ?? 'is invalid');
}

interface Budget {
  nodes: number;
  patterns: number;
  segments: number;
}

function parseClause(input: object, pointer: string, budget: Budget): Clause {
  const { attribute, op, value } = shapeOf(clauseShape, input, pointer);
  if (hasPattern(op, value) && ++budget.patterns > CONDITION_LIMITS.patterns)
    return fail(pointer, `the condition has more than ${CONDITION_LIMITS.patterns} patterns`);
  const fault = valueFault(op, value);
  if (fault) return fail([pointer, 'value', ...fault.path].join('/'), fault.message);
  return value === undefined ? { attribute, op } : { attribute, op, value: value as Json };
}

const isPattern = (op: unknown): boolean => op === 'matches' || op === 'matchesIgnoreCase';
const hasPattern = (op: ConditionOperator, value: unknown): boolean =>
  isPattern(op) || (op === 'elemMatch' && isPattern((value as { op?: unknown } | null | undefined)?.op));

function parseSegment(input: object, pointer: string, budget: Budget): SegmentNode {
  if (++budget.segments > CONDITION_LIMITS.segments)
    return fail(pointer, `the condition names more than ${CONDITION_LIMITS.segments} segments`);
  const { segment, version } = shapeOf(segmentShape, input, pointer);
  return version === undefined ? { segment } : { segment, version };
}

function parseNode(input: unknown, pointer: string, depth: number, budget: Budget): Condition {
  if (depth > CONDITION_LIMITS.depth) fail(pointer, `is nested deeper than ${CONDITION_LIMITS.depth} levels`);
  if (++budget.nodes > CONDITION_LIMITS.nodes)
    fail(pointer, `the condition has more than ${CONDITION_LIMITS.nodes} parts`);
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return fail(pointer, 'must be an object');
  return 'segment' in input
    ? parseSegment(input, pointer, budget)
    : parseGroup(input, pointer, depth, budget);
}

function parseGroup(input: object, pointer: string, depth: number, budget: Budget): Condition {
  const keys = Object.keys(input);
  const group = keys.find((key) => key === 'all' || key === 'any' || key === 'not');
  if (group === undefined) return parseClause(input, pointer, budget);
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
  return parseNode(input, '', 1, { nodes: 0, patterns: 0, segments: 0 });
}

/** `parseCondition` for the condition of a segment, which names no segments: so none can name itself. */
export function parseSegmentCondition(input: unknown): Condition {
  const condition = parseCondition(input);
  if (segmentsOf(condition).length > 0)
    throw new DomainError('invalid_condition', '/: a segment cannot be made of segments', '/');
  return condition;
}

const asSchema = (parse: (input: unknown) => Condition): z.ZodType<Condition, unknown> =>
  z.unknown().transform((input, context): Condition => {
    try {
      return parse(input);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const path = (error.pointer ?? '').split('/').filter((part) => part !== '');
      context.addIssue({ code: 'custom', message: error.message, path, params: { code: error.code } });
      return z.NEVER;
    }
  });

/** `parseCondition` as a zod schema, for request bodies. */
export const conditionSchema = asSchema(parseCondition);
/** `parseSegmentCondition` as a zod schema. */
export const segmentConditionSchema = asSchema(parseSegmentCondition);

/** Every node of a condition, the outer first. */
function nodesOf(condition: Condition | null): Condition[] {
  if (condition === null) return [];
  if ('all' in condition) return [condition, ...condition.all.flatMap(nodesOf)];
  if ('any' in condition) return [condition, ...condition.any.flatMap(nodesOf)];
  return 'not' in condition ? [condition, ...nodesOf(condition.not)] : [condition];
}

/** The segments that a condition names, in order. */
export const segmentsOf = (condition: Condition | null): SegmentNode[] =>
  nodesOf(condition).filter((node): node is SegmentNode => 'segment' in node);

/** Keys of the unit lists that a condition names, its segments not looked into. */
export const unitListsOf = (condition: Condition | null): string[] =>
  nodesOf(condition).flatMap((node) => {
    if (!('op' in node)) return [];
    const inner = node.op === 'elemMatch' ? (node.value as { op: ConditionOperator; value?: Json }) : node;
    return (inner.op === 'inList' || inner.op === 'notInList') && typeof inner.value === 'string'
      ? [inner.value]
      : [];
  });

/** Attributes of the context that a condition reads, each once; `$unit` is none, and segments are not looked into. */
export const attributesOf = (condition: Condition | null): string[] => [
  ...new Set(
    nodesOf(condition).flatMap((node) =>
      'op' in node && !node.attribute.startsWith('$') ? [node.attribute] : [],
    ),
  ),
];

/** The condition with every segment replaced by what `change` makes of it. */
export function mapSegments(condition: Condition, change: (node: SegmentNode) => Condition): Condition {
  if ('all' in condition) return { all: condition.all.map((part) => mapSegments(part, change)) };
  if ('any' in condition) return { any: condition.any.map((part) => mapSegments(part, change)) };
  if ('not' in condition) return { not: mapSegments(condition.not, change) };
  return 'segment' in condition ? change(condition) : condition;
}

/** An own property or null: a context never answers with something it inherited. */
function read(context: Context, attribute: string): ContextValue {
  return Object.hasOwn(context, attribute) ? (context[attribute] ?? null) : null;
}

function segmentOf(node: SegmentNode, sources: ConditionSources): Condition {
  const found = sources.segment(node.segment, node.version);
  if (found) return found;
  const version = node.version === undefined ? '' : ` in version ${node.version}`;
  throw new DomainError('unknown_segment', `the segment "${node.segment}" does not exist${version}`);
}

const listOf =
  (sources: ConditionSources): FindList =>
  (key) => {
    const found = sources.list(key);
    if (!found) throw new DomainError('unknown_unit_list', `the unit list "${key}" does not exist`);
    return found;
  };

/**
 * Compiles a parsed condition once per catalogue change. The predicate allocates next to nothing and reads own properties
 * only.
 * @param condition as returned by `parseCondition`; null matches everybody.
 * @throws DomainError `unknown_segment` | `unknown_unit_list` where it names one that the sources do not have.
 */
export function compileCondition(
  condition: Condition | null,
  sources: ConditionSources = NO_SOURCES,
): Predicate {
  if (condition === null) return () => true;
  if ('segment' in condition) return compileCondition(segmentOf(condition, sources), sources);
  if ('all' in condition) {
    const parts = condition.all.map((part) => compileCondition(part, sources));
    return (context, unitId) => parts.every((part) => part(context, unitId));
  }
  if ('any' in condition) {
    const parts = condition.any.map((part) => compileCondition(part, sources));
    return (context, unitId) => parts.some((part) => part(context, unitId));
  }
  if ('not' in condition) {
    const part = compileCondition(condition.not, sources);
    return (context, unitId) => !part(context, unitId);
  }
  const { attribute } = condition;
  const test = testOf(condition.op, condition.value, listOf(sources));
  if (attribute === UNIT_ATTRIBUTE) return (_context, unitId) => test(unitId ?? null);
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

/**
 * Evaluates every clause, also those that a short-circuit would have skipped; a segment's clauses stand in its place.
 * @throws as `compileCondition`.
 */
export function explainCondition(
  condition: Condition | null,
  context: Context,
  unitId?: string,
  sources: ConditionSources = NO_SOURCES,
): ConditionExplanation {
  const clauses: ClauseResult[] = [];
  const visit = (node: Condition, pointer: string, within: string): boolean => {
    if ('all' in node)
      return node.all.map((part, i) => visit(part, `${pointer}/all/${i}`, within)).every(Boolean);
    if ('any' in node)
      return node.any.map((part, i) => visit(part, `${pointer}/any/${i}`, within)).some(Boolean);
    if ('not' in node) return !visit(node.not, `${pointer}/not`, within);
    if ('segment' in node) return visit(segmentOf(node, sources), pointer, `in "${node.segment}": `);
    const { attribute } = node;
    const actual = attribute === UNIT_ATTRIBUTE ? (unitId ?? null) : read(context, attribute);
    const passed = testOf(node.op, node.value, listOf(sources))(actual);
    const clause = `${within}${describeClause(node)}`;
    clauses.push({ pointer, clause, attribute, expected: node.value ?? null, actual, passed });
    return passed;
  };
  return { passed: condition === null || visit(condition, '', ''), clauses };
}

function describeClause(clause: Clause): string {
  const value = clause.value === undefined ? '' : ` ${JSON.stringify(clause.value)}`;
  return `${clause.attribute} ${titleOf(clause.op)}${value}`;
}
