import { NAME_PATTERN } from '../http/fields.js';
import { looksPersonal } from '../http/unit-id.js';
import type { WrittenEvent } from '../queues/event-lines.js';
import { readInstant } from './instant.js';

/** Why one event of a batch was not taken. */
export interface Rejection {
  readonly code: string;
  readonly message: string;
}

export const LIMITS = {
  events: 1000,
  idLength: 128,
  /** Of actions and items: as long as treatments may serve them. */
  itemIdLength: 256,
  oldestMs: 90 * 86_400_000,
  aheadMs: 10 * 60_000,
  value: 1e12,
  position: 10_000,
  propertiesBytes: 4096,
  propertiesDepth: 4,
} as const;

const NAME = new RegExp(NAME_PATTERN);
// PostgreSQL stores no U+0000, and UTF-8 has no lone surrogates.
const SUSPECT = /[\u0000\ud800-\udfff]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

const reject = (code: string, message: string): Rejection => ({ code, message });
const isStorable = (text: string): boolean =>
  !SUSPECT.test(text) || (!text.includes('\u0000') && !LONE_SURROGATE.test(text));
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = (value: unknown, longest: number = LIMITS.idLength): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= longest && isStorable(value);

export const isRejection = (result: WrittenEvent | Rejection): result is Rejection => 'code' in result;

/** When a batch came in. */
export interface Received {
  /** Unix milliseconds; also the clock that `at` is compared with. */
  readonly at: number;
  readonly text: string;
}

export const receivedAt = (at: number): Received => ({ at, text: new Date(at).toISOString() });

/**
 * Checks one event as it came off the wire. Written by hand: it runs for every event, and costs a tenth of the schema
 * that documents it (events.schema.ts).
 */
export function validateEvent(raw: unknown, received: Received): WrittenEvent | Rejection {
  if (!isObject(raw)) return reject('not_an_object', 'an event is an object');
  const event = raw;
  const { id, kind, unitId } = event;
  if (!isId(id)) return reject('invalid_id', `id must be a text of 1 to ${LIMITS.idLength} characters`);
  if (kind !== 'exposure' && kind !== 'outcome')
    return reject('invalid_kind', 'kind must be "exposure" or "outcome"');
  if (!isId(unitId))
    return reject('invalid_unit_id', `unitId must be a text of 1 to ${LIMITS.idLength} characters`);
  if (looksPersonal(unitId)) {
    return reject(
      'unit_id_not_pseudonymous',
      'unitId looks like an e-mail address or a phone number; send a pseudonymous id',
    );
  }
  const at = readInstant(event['at']);
  if (at === null)
    return reject('invalid_at', 'at must be an ISO 8601 time with a zone, such as 2026-11-21T20:15:00Z');
  if (at.time > received.at + LIMITS.aheadMs || at.time < received.at - LIMITS.oldestMs) {
    return reject('at_out_of_range', 'at must lie within the last 90 days and at most 10 minutes ahead');
  }
  const details = validateDetails(event, kind);
  if ('code' in details) return details;
  const { decisionId, name, value, actionId, itemId, position, propertiesText } = details;
  return {
    id,
    kind,
    unitId,
    at: at.time,
    atText: at.text,
    receivedAtText: received.text,
    decisionId,
    name,
    value,
    actionId,
    itemId,
    position,
    propertiesText,
  };
}

type Details = Pick<
  WrittenEvent,
  'decisionId' | 'name' | 'value' | 'actionId' | 'itemId' | 'position' | 'propertiesText'
>;

/** The optional members as they were sent; null where absent. */
type Candidate = Readonly<Record<Exclude<keyof Details, 'propertiesText'>, unknown>>;

const DECISION_ID = reject('invalid_decision_id', 'decisionId must be the id of a decision');
const ACTION_ID = reject('invalid_action_id', 'actionId must be the id of an action');
const ITEM_ID = reject('invalid_item_id', 'itemId must be the id of an item');
const NAMELESS = reject('invalid_name', `an outcome needs a name that matches ${NAME_PATTERN}`);
const EXPOSES_NOTHING = reject('decision_id_required', 'an exposure needs the decisionId that was shown');
const VALUE = reject('invalid_value', 'value must be a finite number between -1e12 and 1e12');
const POSITION = reject('invalid_position', `position must be a whole number from 0 to ${LIMITS.position}`);

/** What is wrong with the optional members, or null. Plain calls and no spreads: this runs for every event. */
function faultOf(candidate: Candidate, kind: WrittenEvent['kind']): Rejection | null {
  if (!isIdOrNull(candidate.decisionId)) return DECISION_ID;
  if (!isIdOrNull(candidate.actionId, LIMITS.itemIdLength)) return ACTION_ID;
  if (!isIdOrNull(candidate.itemId, LIMITS.itemIdLength)) return ITEM_ID;
  if (!isName(candidate.name, kind)) return NAMELESS;
  if (candidate.decisionId === null && kind === 'exposure') return EXPOSES_NOTHING;
  if (!isAmountOrNull(candidate.value)) return VALUE;
  return isPositionOrNull(candidate.position) ? null : POSITION;
}

const orNull = (value: unknown): unknown => value ?? null;

function validateDetails(
  event: Readonly<Record<string, unknown>>,
  kind: WrittenEvent['kind'],
): Details | Rejection {
  const candidate: Candidate & { propertiesText: string | null } = {
    decisionId: orNull(event['decisionId']),
    name: orNull(event['name']),
    value: orNull(event['value']),
    actionId: orNull(event['actionId']),
    itemId: orNull(event['itemId']),
    position: orNull(event['position']),
    propertiesText: null,
  };
  const fault = faultOf(candidate, kind);
  if (fault !== null) return fault;
  const details = candidate as Details;
  const properties = orNull(event['properties']);
  if (properties === null) return details;
  const problem = propertiesProblem(properties);
  if (problem !== null) return reject('invalid_properties', problem);
  const propertiesText = JSON.stringify(properties);
  if (isTooLong(propertiesText)) {
    return reject('invalid_properties', `properties must be at most ${LIMITS.propertiesBytes} bytes of JSON`);
  }
  candidate.propertiesText = propertiesText;
  return details;
}

const isIdOrNull = (value: unknown, longest?: number): boolean => value === null || isId(value, longest);

const isName = (name: unknown, kind: WrittenEvent['kind']): name is string | null =>
  name === null ? kind === 'exposure' : typeof name === 'string' && NAME.test(name);

// Infinity (a JSON number such as 1e400) and NaN fail the comparison.
const isAmountOrNull = (value: unknown): boolean =>
  value === null || (typeof value === 'number' && Math.abs(value) <= LIMITS.value);

const isPositionOrNull = (value: unknown): boolean =>
  value === null ||
  (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LIMITS.position);

// A character is at most three bytes: most texts need no exact count.
const isTooLong = (text: string): boolean =>
  text.length * 3 > LIMITS.propertiesBytes && Buffer.byteLength(text) > LIMITS.propertiesBytes;

const propertiesProblem = (properties: unknown): string | null =>
  isObject(properties) ? jsonProblem(properties, 1) : 'properties must be an object';

const NOT_STORABLE = 'properties must not contain U+0000 or lone surrogates';

/** Why a parsed JSON value cannot be stored, or null. Depth is bounded, so the recursion is. */
function jsonProblem(value: unknown, depth: number): string | null {
  if (typeof value !== 'object' || value === null) return scalarProblem(value);
  if (depth > LIMITS.propertiesDepth)
    return `properties must be nested at most ${LIMITS.propertiesDepth} deep`;
  if (!Array.isArray(value) && !Object.keys(value).every(isStorable)) return NOT_STORABLE;
  for (const child of Object.values(value)) {
    const problem = jsonProblem(child, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

function scalarProblem(value: unknown): string | null {
  if (typeof value === 'string') return isStorable(value) ? null : NOT_STORABLE;
  return typeof value === 'number' && !Number.isFinite(value) ? 'numbers in properties must be finite' : null;
}
