import type { Condition, Json } from '../../api/types.js';

export type ValueType = 'text' | 'number' | 'boolean';

export interface ConditionRow {
  id: number;
  attribute: string;
  op: string;
  type: ValueType;
  /** As typed; lists for `in` and `notIn`. */
  text: string;
  list: string[];
  /** Of a segment: the version that is meant; absent: the latest. */
  version?: number | undefined;
}

/** Typed rows joined by all or any; or any condition at all, written as JSON. */
export type TargetingDraft =
  | { mode: 'rows'; match: 'all' | 'any'; rows: ConditionRow[] }
  | { mode: 'json'; condition: Json | undefined };

export const EVERYONE: TargetingDraft = { mode: 'rows', match: 'all', rows: [] };

const LISTS = new Set(['in', 'notIn', 'inIgnoreCase', 'notInIgnoreCase', 'hasAll', 'hasAllIgnoreCase']);
const COUNTS = new Set(['sizeIs', 'sizeAtLeast', 'sizeAtMost']);
/** Operators of the builder whose value is a text, whatever the attribute holds. */
const TEXTS = /^(version|matches|contains|startsWith|endsWith|isType|inList|notInList)/;
export const IN_SEGMENT = 'inSegment';
export const NOT_IN_SEGMENT = 'notInSegment';

export const takesSegment = (op: string): boolean => op === IN_SEGMENT || op === NOT_IN_SEGMENT;
export const takesUnitList = (op: string): boolean => op === 'inList' || op === 'notInList';
export const takesList = (op: string): boolean => LISTS.has(op);
/** The type of the value, where the operator leaves no choice. */
export const fixedType = (op: string): ValueType | null =>
  COUNTS.has(op) ? 'number' : TEXTS.test(op) ? 'text' : null;
export const takesNothing = (op: string): boolean => op === 'exists' || op === 'notExists';

function typed(text: string, type: ValueType): Json {
  if (type === 'number') return Number(text);
  if (type === 'boolean') return text === 'true';
  return text;
}

function rowCondition(row: ConditionRow): Condition {
  const { attribute, op, version } = row;
  const segment = { segment: row.text, ...(version === undefined ? {} : { version }) };
  if (op === IN_SEGMENT) return segment;
  if (op === NOT_IN_SEGMENT) return { not: segment };
  if (takesNothing(op)) return { attribute, op };
  if (takesList(op)) return { attribute, op, value: row.list.map((entry) => typed(entry, row.type)) };
  return { attribute, op, value: typed(row.text, fixedType(op) ?? row.type) };
}

/** The condition in the API's words; null is everyone. */
export function toCondition(draft: TargetingDraft): Condition | null {
  if (draft.mode === 'json') return (draft.condition ?? null) as Condition | null;
  const conditions = draft.rows.map(rowCondition);
  const [only] = conditions;
  if (only === undefined) return null;
  if (conditions.length === 1) return only;
  return draft.match === 'all' ? { all: conditions } : { any: conditions };
}

const typeOf = (value: Json | undefined): ValueType =>
  typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'text';

/** The row that says what a condition says; null where it takes more than a row. */
function rowOf(condition: Condition, id: number): ConditionRow | null {
  const plain = { id, attribute: '', type: 'text' as const, list: [] };
  if ('segment' in condition)
    return { ...plain, op: IN_SEGMENT, text: condition.segment, version: condition.version };
  if ('not' in condition)
    return 'segment' in condition.not
      ? { ...plain, op: NOT_IN_SEGMENT, text: condition.not.segment, version: condition.not.version }
      : null;
  if (!('op' in condition)) return null;
  const { attribute, op, value } = condition;
  if (Array.isArray(value))
    return { id, attribute, op, type: typeOf(value[0]), text: '', list: value.map(String) };
  return { id, attribute, op, type: typeOf(value), text: value === undefined ? '' : String(value), list: [] };
}

/** A condition as rows of the builder, where rows can say exactly the same; else as JSON. */
export function fromCondition(condition: Condition | null): TargetingDraft {
  if (condition === null) return EVERYONE;
  const asJson: TargetingDraft = { mode: 'json', condition: condition as Json };
  try {
    return asRows(condition) ?? asJson;
  } catch {
    // Half typed JSON is no condition.
    return asJson;
  }
}

function asRows(condition: Condition): TargetingDraft | null {
  const [match, parts] =
    'all' in condition
      ? (['all', condition.all] as const)
      : 'any' in condition
        ? (['any', condition.any] as const)
        : (['all', [condition]] as const);
  const rows = parts.map((part, i) => rowOf(part, i + 1)).filter((row) => row !== null);
  const draft: TargetingDraft = { mode: 'rows', match, rows };
  const same = JSON.stringify(toCondition(draft)) === JSON.stringify(condition);
  return same && targetingProblem(draft) === null ? draft : null;
}

function choiceProblem({ op, text }: ConditionRow): string | null {
  if (text !== '') return null;
  return takesSegment(op) ? 'Choose a segment' : 'Choose a list';
}

function rowProblem(row: ConditionRow): string | null {
  const { attribute, op, text } = row;
  if (takesSegment(op) || takesUnitList(op)) return choiceProblem(row);
  if (attribute.trim() === '') return 'Every condition needs an attribute';
  if (takesNothing(op)) return null;
  if (takesList(op)) return row.list.length === 0 ? `${attribute}: list at least one value` : null;
  const isNumber = (fixedType(op) ?? row.type) === 'number';
  if (isNumber && (text.trim() === '' || !Number.isFinite(Number(text))))
    return `${attribute}: write a number`;
  return text === '' ? `${attribute}: write a value` : null;
}

export function targetingProblem(draft: TargetingDraft): string | null {
  if (draft.mode === 'json') return null;
  for (const row of draft.rows) {
    const problem = rowProblem(row);
    if (problem !== null) return problem;
  }
  return null;
}

export function newRow(rows: readonly ConditionRow[]): ConditionRow {
  return {
    id: Math.max(0, ...rows.map((row) => row.id)) + 1,
    attribute: '',
    op: 'eq',
    type: 'text',
    text: '',
    list: [],
  };
}

/** A row that asks for a saved segment. */
export const segmentRow = (rows: readonly ConditionRow[], segment: string): ConditionRow => ({
  ...newRow(rows),
  op: IN_SEGMENT,
  text: segment,
});
