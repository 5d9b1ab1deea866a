import { CONDITION_LIMITS, UNIT_ATTRIBUTE } from '../targeting.js';
import type { ConditionSources } from '../targeting.js';
import type { Condition, ConditionOperator, Json } from '../vocabulary.js';
import type { JsonObject } from './json.js';

/** Something that a GrowthBook SDK cannot work out by itself; the message says what, as half a sentence. */
export class NotLocal extends Error {}

/** Where the names in a condition lead to. */
export interface LocalTerms {
  /** The SDK's attribute that holds the id of the unit. */
  readonly unitAttribute: string;
  readonly sources: ConditionSources;
}

type Clause = Extract<Condition, { op: ConditionOperator }>;
type Write = (value: Json | undefined) => JsonObject;

/** Holds for nobody. */
export const NEVER: JsonObject = { $not: {} };

export const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/**
 * Patterns that mean the same to RE2 and to JavaScript: literals, plain classes, groups, repetitions, and `.` where it is
 * repeated. Anything else is left to the server.
 */
const SHARED_PATTERN =
  /^(?:[\w \-:,@]|\\[.\-d]|[\^$|*+?]|\.(?=[*+])|\((?:\?:|(?!\?))|\)|\[[\w-]+\]|\{\d+(?:,\d*)?\})*$/;

function patternOf(value: Json | undefined): string {
  const source = String(value);
  if (!SHARED_PATTERN.test(source))
    throw new NotLocal(`the pattern ${JSON.stringify(source)} may mean something else to a browser`);
  // RE2's dot stops at \n alone, JavaScript's at three more.
  return source.replace(/\\.|\.(?=[*+])/g, (found) => (found === '.' ? '[^\\n]' : found));
}

const typed =
  (operator: string): Write =>
  (value) => ({ $type: typeof value, [operator]: value as Json });
const version =
  (operator: string): Write =>
  (value) => ({ $type: 'string', [operator]: value as Json });
const plain =
  (operator: string): Write =>
  (value) => ({ [operator]: value as Json });
/** An SDK takes 1 for "1" here; contexts hold lists of texts alone, so that anything else is on none of them. */
const all =
  (operator: string): Write =>
  (value) =>
    (value as readonly Json[]).every((one) => typeof one === 'string')
      ? { [operator]: value as Json }
      : { $size: -1 };
const text =
  (pattern: (escaped: string) => string): Write =>
  (value) => ({ $type: 'string', $regex: pattern(escapePattern(String(value))) });

const TYPES: Readonly<Record<string, string>> = { list: 'array' };

/** Each operator as GrowthBook writes it; those that compare say the type as well, because an SDK converts. */
const WRITERS: Readonly<Partial<Record<ConditionOperator, Write>>> = {
  eq: plain('$eq'),
  ne: plain('$ne'),
  in: plain('$in'),
  notIn: plain('$nin'),
  inIgnoreCase: plain('$ini'),
  notInIgnoreCase: plain('$nini'),
  hasAll: all('$all'),
  hasAllIgnoreCase: all('$alli'),
  lt: typed('$lt'),
  lte: typed('$lte'),
  gt: typed('$gt'),
  gte: typed('$gte'),
  exists: () => ({ $exists: true }),
  notExists: () => ({ $exists: false }),
  startsWith: text((escaped) => `^${escaped}`),
  endsWith: text((escaped) => `${escaped}$`),
  matches: (value) => ({ $type: 'string', $regex: patternOf(value) }),
  matchesIgnoreCase: (value) => ({ $type: 'string', $regexi: patternOf(value) }),
  isType: (value) => ({ $type: TYPES[String(value)] ?? (value as Json) }),
  sizeIs: plain('$size'),
  sizeAtLeast: (value) => ({ $size: { $gte: value as Json } }),
  sizeAtMost: (value) => ({ $size: { $lte: value as Json } }),
  versionEq: version('$veq'),
  versionNe: version('$vne'),
  versionLt: version('$vlt'),
  versionLte: version('$vlte'),
  versionGt: version('$vgt'),
  versionGte: version('$vgte'),
};

function write(op: ConditionOperator, value: Json | undefined): JsonObject {
  const writer = WRITERS[op];
  if (writer) return writer(value);
  if (op === 'inList' || op === 'notInList')
    throw new NotLocal('it is targeted by a unit list, and the ids on lists are not published');
  throw new NotLocal(`the operator "${op}" has no counterpart`);
}

/** The test of one entry of a list of texts. */
function entry(value: Json | undefined): JsonObject {
  const { op, value: inner } = value as { readonly op: ConditionOperator; readonly value?: Json };
  return op === 'contains' ? text((escaped) => escaped)(inner) : write(op, inner);
}

/** The SDK reads paths and inherited members; both would be something else than the attribute of that name. */
function attributeOf(attribute: string, { unitAttribute }: LocalTerms): string {
  if (attribute === UNIT_ATTRIBUTE) return unitAttribute;
  if (attribute.includes('.') || attribute.startsWith('$') || attribute in Object.prototype)
    throw new NotLocal(`the attribute "${attribute}" cannot be named in a condition of GrowthBook`);
  if (attribute === 'id') throw new NotLocal('the attribute "id" is the unit itself to an SDK');
  return attribute;
}

function clauseOf({ attribute, op, value }: Clause, terms: LocalTerms): JsonObject {
  const name = attributeOf(attribute, terms);
  if (op === 'elemMatch') return { [name]: { $elemMatch: entry(value) } };
  if (op !== 'contains') return { [name]: write(op, value) };
  const inText = { [name]: text((escaped) => escaped)(value) };
  return { $or: [inText, { [name]: { $elemMatch: { $eq: value as Json } } }] };
}

/**
 * A condition as a GrowthBook SDK evaluates it: true for exactly the contexts for which ours is true.
 * @throws NotLocal where there is no such condition.
 */
export function localCondition(condition: Condition, terms: LocalTerms, depth = 0): JsonObject {
  if (depth > CONDITION_LIMITS.depth * 2) throw new NotLocal('its condition is nested too deeply');
  const inner = (part: Condition): JsonObject => localCondition(part, terms, depth + 1);
  if ('all' in condition) return { $and: condition.all.map(inner) };
  if ('any' in condition) return { $or: condition.any.map(inner) };
  if ('not' in condition) return { $not: inner(condition.not) };
  if ('op' in condition) return clauseOf(condition, terms);
  const segment = terms.sources.segment(condition.segment, condition.version);
  if (!segment) throw new NotLocal(`the segment "${condition.segment}" does not exist`);
  return inner(segment);
}
