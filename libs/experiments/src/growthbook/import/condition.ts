import { DomainError } from '../../errors.js';
import { UNIT_ATTRIBUTE, compileCondition, parseCondition } from '../../targeting.js';
import type { Condition, ConditionOperator, Json } from '../../vocabulary.js';
import { compileMongoCondition } from '../condition.js';
import { isOperatorObject, isRecord } from '../json.js';
import type { JsonObject } from '../json.js';

/** Something that has no exact counterpart here; the message says what, as half a sentence. */
export class NotImported extends Error {}

/** What names in a condition lead to. */
export interface ImportTerms {
  /** GrowthBook's attribute with the id of the unit. */
  readonly unitAttribute: string;
  /** The condition that stands for a saved group, on an attribute where one is given. */
  group(id: string, attribute: string | null): Condition;
}

/** Null: everybody. */
type Meets = Condition | null;

const SAME: Readonly<Record<string, ConditionOperator>> = {
  $eq: 'eq',
  $ne: 'ne',
  $in: 'in',
  $nin: 'notIn',
  $ini: 'inIgnoreCase',
  $nini: 'notInIgnoreCase',
  $all: 'hasAll',
  $alli: 'hasAllIgnoreCase',
  $lt: 'lt',
  $lte: 'lte',
  $gt: 'gt',
  $gte: 'gte',
  $regex: 'matches',
  $regexi: 'matchesIgnoreCase',
  $veq: 'versionEq',
  $vne: 'versionNe',
  $vlt: 'versionLt',
  $vlte: 'versionLte',
  $vgt: 'versionGt',
  $vgte: 'versionGte',
};
const NEGATED: Readonly<Record<string, string>> = { $notRegex: '$regex', $notRegexi: '$regexi' };
const TYPES: Readonly<Record<string, string>> = { array: 'list' };
const SIZES: Readonly<Record<string, ConditionOperator>> = {
  $eq: 'sizeIs',
  $gte: 'sizeAtLeast',
  $lte: 'sizeAtMost',
};

export const allOf = (parts: readonly Meets[]): Meets => {
  const given = parts.filter((part) => part !== null);
  return given.length > 1 ? { all: given } : (given[0] ?? null);
};

export function notOf(condition: Meets): Condition {
  if (condition === null) throw new NotImported('a condition that nobody meets');
  return 'not' in condition ? condition.not : { not: condition };
}

/** Checked as a condition of ours, so that nothing is handed on that the API would refuse. */
function checked(condition: Condition): Condition {
  try {
    return parseCondition(condition);
  } catch (error) {
    if (error instanceof DomainError)
      throw new NotImported(`a condition that is refused here (${error.message})`);
    throw error;
  }
}

/** GrowthBook converts a missing attribute before it compares; the clause is mended where that changes its answer. */
function asForMissing(clause: Condition, attribute: string, written: Json): Condition {
  const there = compileMongoCondition({ x: written })({});
  const here = compileCondition(clause)({});
  if (there === here) return clause;
  return there
    ? { any: [clause, { attribute, op: 'notExists' }] }
    : { all: [clause, { attribute, op: 'exists' }] };
}

/** A literal: GrowthBook converts what it compares with, which makes no difference but for these. */
function literal(attribute: string, value: Json): Condition {
  if (typeof value === 'object' && value !== null)
    throw new NotImported('a list or an object that must be equal');
  return asForMissing(checked({ attribute, op: 'eq', value }), attribute, value);
}

function sizeOf(attribute: string, value: Json): Condition {
  if (typeof value === 'number') return { attribute, op: 'sizeIs', value };
  if (!isRecord(value)) throw new NotImported('a size that is no number');
  const parts = Object.entries(value).map(([operator, count]): Condition => {
    const op = SIZES[operator];
    if (op) return { attribute, op, value: count };
    if (operator === '$gt') return { attribute, op: 'sizeAtLeast', value: Number(count) + 1 };
    if (operator === '$lt' && Number(count) > 0)
      return { attribute, op: 'sizeAtMost', value: Number(count) - 1 };
    throw new NotImported(`the size "${operator}"`);
  });
  return allOf(parts) ?? checked({ attribute, op: 'isType', value: 'list' });
}

function entryOf(attribute: string, value: Json): Condition {
  const [pair, ...more] = isRecord(value) && isOperatorObject(value) ? Object.entries(value) : [];
  const op = pair && SAME[pair[0]];
  if (!pair || !op || more.length > 0) throw new NotImported('an entry of a list with more than one test');
  return { attribute, op: 'elemMatch', value: { op, value: pair[1] } };
}

type Special = (attribute: string, value: Json, terms: ImportTerms) => Condition;
const SPECIAL: Readonly<Record<string, Special>> = {
  $exists: (attribute, value) => ({ attribute, op: value ? 'exists' : 'notExists' }),
  $type: (attribute, value) => ({ attribute, op: 'isType', value: TYPES[String(value)] ?? value }),
  $size: (attribute, value) => sizeOf(attribute, value),
  $elemMatch: (attribute, value) => entryOf(attribute, value),
  $not: (attribute, value, terms) => notOf(valueOf(attribute, value, terms)),
  $inGroup: (attribute, value, terms) => terms.group(String(value), attribute),
  $notInGroup: (attribute, value, terms) => notOf(terms.group(String(value), attribute)),
};

function operatorOf(attribute: string, operator: string, value: Json, terms: ImportTerms): Condition {
  const special = Object.hasOwn(SPECIAL, operator) ? SPECIAL[operator] : undefined;
  if (special) return checked(special(attribute, value, terms));
  const positive = NEGATED[operator];
  if (positive !== undefined) return notOf(operatorOf(attribute, positive, value, terms));
  const op = Object.hasOwn(SAME, operator) ? SAME[operator] : undefined;
  if (!op) throw new NotImported(`the operator "${operator}"`);
  return asForMissing(checked({ attribute, op, value }), attribute, { [operator]: value });
}

function valueOf(attribute: string, value: Json, terms: ImportTerms): Meets {
  if (!isRecord(value) || !isOperatorObject(value)) return literal(attribute, value);
  return allOf(Object.entries(value).map(([key, inner]) => operatorOf(attribute, key, inner, terms)));
}

function attributeOf(name: string, { unitAttribute }: ImportTerms): string {
  if (name === unitAttribute) return UNIT_ATTRIBUTE;
  if (name.startsWith('$') || name.includes('.') || name in Object.prototype)
    throw new NotImported(`the attribute "${name}"`);
  return name;
}

function partsOf(value: Json, terms: ImportTerms): Meets[] {
  if (!Array.isArray(value)) throw new NotImported('a group that is no list');
  return value.map((part: Json) => objectOf(part, terms));
}

function anyOf(parts: readonly Meets[]): Meets {
  if (parts.length === 0 || parts.includes(null)) return null;
  return parts.length === 1 ? (parts[0] ?? null) : { any: parts as readonly Condition[] };
}

const GROUPS: Readonly<Record<string, (value: Json, terms: ImportTerms) => Meets>> = {
  $and: (value, terms) => allOf(partsOf(value, terms)),
  $or: (value, terms) => anyOf(partsOf(value, terms)),
  $nor: (value, terms) => notOf(anyOf(partsOf(value, terms))),
  $not: (value, terms) => notOf(objectOf(value, terms)),
  $savedGroups: (value, terms) => {
    if (!Array.isArray(value)) throw new NotImported('saved groups that are no list');
    return allOf(value.map((id: Json) => terms.group(String(id), null)));
  },
};

function objectOf(value: Json, terms: ImportTerms): Meets {
  if (!isRecord(value)) throw new NotImported('a condition that is no object');
  const object: JsonObject = value;
  return allOf(
    Object.entries(object).map(([key, inner]) => {
      const group = Object.hasOwn(GROUPS, key) ? GROUPS[key] : undefined;
      return group ? group(inner, terms) : valueOf(attributeOf(key, terms), inner, terms);
    }),
  );
}

const DEEPEST = 50;

/** Brackets within brackets; those within texts count as well, which only ever refuses more. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth -= 1;
  }
  return deepest;
}

/**
 * A condition of GrowthBook as one of ours, true for the same contexts: types are compared as they are, and a missing
 * attribute counts as it does to GrowthBook's SDKs.
 * @param written its JSON text; empty or `{}`: everybody.
 * @returns null for everybody.
 * @throws NotImported naming what has no counterpart.
 */
export function importCondition(written: string, terms: ImportTerms): Condition | null {
  if (written.trim() === '') return null;
  if (depthOf(written) > DEEPEST) throw new NotImported('a condition that is nested too deeply');
  let value: Json;
  try {
    value = JSON.parse(written) as Json;
  } catch {
    throw new NotImported('a condition that is no JSON');
  }
  const condition = objectOf(value, terms);
  return condition && checked(condition);
}
