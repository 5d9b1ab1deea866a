import { decodeField, field, optional } from './event-lines.js';
import type { DecisionRecord, ShadowRecord } from './jobs.js';

/**
 * Decisions travel as events do (see event-lines.ts): written once, by the process that decided, as lines of
 * PostgreSQL's COPY text format. In front of the columns stands the reward window, which is not stored.
 */
export const DECISION_COLUMNS =
  'id, at, unit_id, unit_type, surface, subject, experiment, arm, phase, kind, chosen, propensity, arm_propensity, ' +
  'policy_id, policy_version, candidates, probabilities, context, features, seed, reason, fallback, holdout, exposed, ' +
  'latency_micros, slice, shadow, parent_id, joint_propensity, withheld, withhold_propensity, feature_version, audit, asked_mark';

/** Positions in a line of what storage looks at, for columnOf. */
export const DECISION_COLUMN = { window: 0, id: 1, at: 2, unitId: 3, policyId: 14 } as const;

const NULL = '\\N';

/** A PostgreSQL array of texts; written here because the driver's own encoder is several times slower. */
export function arrayLiteral(texts: readonly string[]): string {
  let literal = '{';
  for (const text of texts)
    literal += `${literal.length > 1 ? ',' : ''}"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;
  return `${literal}}`;
}

const json = (value: unknown): string => field(JSON.stringify(value));

interface ListText {
  readonly candidates: string;
  /** The last probabilities over this list, and how they are written. */
  values: readonly number[];
  probabilities: string;
}

/** Frozen candidate lists come again and again, often with the same probabilities: both are written once. */
const listTexts = new WeakMap<readonly string[], ListText>();

function candidatesText(candidates: readonly string[]): string {
  return Object.isFrozen(candidates) ? textOfList(candidates).candidates : field(arrayLiteral(candidates));
}

function textOfList(candidates: readonly string[]): ListText {
  let known = listTexts.get(candidates);
  if (!known) {
    known = { candidates: field(arrayLiteral(candidates)), values: [], probabilities: '{}' };
    listTexts.set(candidates, known);
  }
  return known;
}

const numbersLiteral = (values: readonly number[]): string => `{${values.join(',')}}`;

function probabilitiesText({ candidates, probabilities }: DecisionRecord): string {
  if (probabilities === null) return NULL;
  if (!Object.isFrozen(candidates)) return numbersLiteral(probabilities);
  const known = textOfList(candidates);
  if (!sameNumbers(known.values, probabilities)) {
    known.values = probabilities;
    known.probabilities = numbersLiteral(probabilities);
  }
  return known.probabilities;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

let lastAt = NaN;
let lastAtText = '';

/** Many decisions fall into the same millisecond. */
function timeText(at: number): string {
  if (at !== lastAt) {
    lastAtText = new Date(at).toISOString();
    lastAt = at;
  }
  return lastAtText;
}

/**
 * One decision as one line, with its newline. Texts must not contain U+0000. Ids, keys, kinds and reasons are made of
 * characters that need no escape.
 */
export function encodeDecision(record: DecisionRecord): string {
  return (
    `${record.rewardWindowSeconds ?? NULL}\t${record.id}\t${timeText(record.at)}\t${field(record.unitId)}\t` +
    `${record.unitType}\t${record.surface}\t${optional(record.subject)}\t${record.experiment ?? NULL}\t` +
    `${record.arm ?? NULL}\t${record.phase ?? NULL}\t${record.kind}\t${json(record.chosen)}\t${record.propensity}\t` +
    `${record.armPropensity}\t${record.policyId ?? NULL}\t${record.policyVersion ?? NULL}\t` +
    `${candidatesText(record.candidates)}\t${probabilitiesText(record)}\t${json(record.context)}\t` +
    `${record.features ? json(record.features) : NULL}\t${field(record.seed)}\t${record.reason}\t` +
    `${optional(record.fallback)}\t${record.holdout ?? NULL}\t${record.exposed}\t${record.latencyMicros}\t` +
    `${rareFields(record)}\t${record.featureVersion ?? NULL}\t${record.audit ? json(record.audit) : NULL}\t` +
    `${record.askedMark ?? NULL}\n`
  );
}

/** Most decisions have none of them. */
const NO_RARE = [NULL, NULL, NULL, NULL, NULL, NULL].join('\t');

function rareFields(record: DecisionRecord): string {
  const { slice, shadow, parentId, jointPropensity, withheld, withholdPropensity } = record;
  if ((slice ?? shadow ?? parentId ?? jointPropensity ?? withheld) === undefined) return NO_RARE;
  const fields = [slice, shadow && json(shadow), parentId, jointPropensity, withheld, withholdPropensity];
  return fields.map((one) => one ?? NULL).join('\t');
}

/**
 * Tabs of a line of today. Lines that earlier versions wrote may still be on their way; they end before the slice, before
 * the parent, before what is withheld, before the version of the features, or before who asked. What they lack is null.
 */
const TABS = 34;

/** The part of a line that is stored: what stands behind the reward window. */
export function storedPart(line: string): string {
  const part = line.slice(line.indexOf('\t') + 1);
  let tabs = 1;
  for (let at = part.indexOf('\t'); at >= 0 && tabs < TABS; at = part.indexOf('\t', at + 1)) tabs += 1;
  return tabs < TABS ? part.replace(/\n?$/, `${`\t${NULL}`.repeat(TABS - tabs)}\n`) : part;
}

/** What storage needs to know of a batch of lines. */
export interface ReadDecisions {
  readonly count: number;
  /** Days in UTC, as partitions are named. */
  readonly days: ReadonlySet<string>;
  /** Lines with a reward window. */
  readonly rewarded: readonly string[];
  /** What is stored of every line, as lines of today have it. */
  readonly stored: string;
}

const NO_WINDOW = `${NULL}\t`;

/** Looks at every line once: it runs in the process that serves. */
export function readDecisions(lines: string): ReadDecisions {
  const days = new Set<string>();
  const rewarded: string[] = [];
  const parts: string[] = [];
  let day = 'no day yet';
  for (let from = 0; from < lines.length;) {
    const end = lines.indexOf('\n', from) + 1 || lines.length;
    const tab = lines.indexOf('\t', from) + 1;
    // A line without any is damaged: as it is, the database refuses it.
    const id = tab === 0 || tab > end ? from : tab;
    const at = lines.indexOf('\t', id) + 1;
    if (!lines.startsWith(day, at)) days.add((day = lines.slice(at, at + 10)));
    if (!lines.startsWith(NO_WINDOW, from)) rewarded.push(lines.slice(from, end));
    parts.push(lines.slice(id, end));
    from = end;
  }
  return { count: parts.length, days, rewarded, stored: parts.join('') };
}

/** Seconds; null where there is nothing to learn. */
export function rewardWindowOf(line: string): number | null {
  const text = line.slice(0, line.indexOf('\t'));
  return text === NULL ? null : Number(text);
}

/** Reads a line back; the inverse of encodeDecision. @throws SyntaxError when the line is damaged. */
export function decodeDecision(line: string): DecisionRecord {
  const fields = line.replace(/\n$/, '').split('\t').map(decodeField);
  const text = (index: number): string => fields[index] as string;
  const orNull = (index: number): string | null => fields[index] ?? null;
  const number = (index: number): number | null => (orNull(index) === null ? null : Number(text(index)));
  const features = orNull(19);
  const probabilities = orNull(17);
  const slice = orNull(26);
  const shadow = orNull(27);
  const parentId = orNull(28);
  const jointPropensity = number(29);
  const withheld = orNull(30);
  const withholdPropensity = number(31);
  const featureVersion = number(32);
  const audit = orNull(33);
  const mark = orNull(34);
  return {
    id: text(1),
    at: Date.parse(text(2)),
    unitId: text(3),
    unitType: text(4),
    surface: text(5),
    subject: orNull(6),
    experiment: orNull(7),
    arm: orNull(8),
    phase: number(9),
    kind: text(10) as DecisionRecord['kind'],
    chosen: JSON.parse(text(11)) as DecisionRecord['chosen'],
    propensity: Number(text(12)),
    armPropensity: Number(text(13)),
    policyId: orNull(14),
    policyVersion: number(15),
    candidates: textsOf(text(16)),
    probabilities: probabilities === null ? null : (JSON.parse(bracketed(probabilities)) as number[]),
    context: JSON.parse(text(18)) as DecisionRecord['context'],
    ...(features === null
      ? {}
      : { features: JSON.parse(features) as NonNullable<DecisionRecord['features']> }),
    seed: text(20),
    reason: text(21) as DecisionRecord['reason'],
    fallback: orNull(22),
    holdout: orNull(23),
    exposed: text(24) === 'true',
    latencyMicros: Number(text(25)),
    ...(slice === null ? {} : { slice: slice as NonNullable<DecisionRecord['slice']> }),
    ...(shadow === null ? {} : { shadow: JSON.parse(shadow) as ShadowRecord }),
    ...(parentId === null ? {} : { parentId }),
    ...(jointPropensity === null ? {} : { jointPropensity }),
    ...(withheld === null ? {} : { withheld: withheld === 'true' }),
    ...(withholdPropensity === null ? {} : { withholdPropensity }),
    ...(featureVersion === null ? {} : { featureVersion }),
    ...(audit === null ? {} : { audit: JSON.parse(audit) as NonNullable<DecisionRecord['audit']> }),
    ...(mark === null ? {} : { askedMark: mark }),
    rewardWindowSeconds: number(0),
  };
}

const bracketed = (literal: string): string => `[${literal.slice(1, -1)}]`;

/** The texts of an array literal; its quoting is JSON's but for control characters, which stand as they are. */
const textsOf = (literal: string): string[] =>
  JSON.parse(
    bracketed(literal).replace(
      /[\u0000-\u001f]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  ) as string[];
