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
  oldestMs: 90 * 86_400_000,
  aheadMs: 10 * 60_000,
  value: 1e12,
  position: 10_000,
  propertiesBytes: 4096,
  propertiesDepth: 4,
} as const;

export const NAME_PATTERN = '^[a-z][a-z0-9_.-]{0,63}$';
const NAME = new RegExp(NAME_PATTERN);
// PostgreSQL stores no U+0000, and UTF-8 has no lone surrogates.
const SUSPECT = /[\u0000\ud800-\udfff]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

const reject = (code: string, message: string): Rejection => ({ code, message });
const isStorable = (text: string): boolean => !SUSPECT.test(text) || (!text.includes('\u0000') && !LONE_SURROGATE.test(text));
const isId = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= LIMITS.idLength && isStorable(value);

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
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return reject('not_an_object', 'an event is an object');
  const event = raw as Readonly<Record<string, unknown>>;
  const { id, kind, unitId } = event;
  if (!isId(id)) return reject('invalid_id', `id must be a text of 1 to ${LIMITS.idLength} characters`);
  if (kind !== 'exposure' && kind !== 'outcome') return reject('invalid_kind', 'kind must be "exposure" or "outcome"');
  if (!isId(unitId)) return reject('invalid_unit_id', `unitId must be a text of 1 to ${LIMITS.idLength} characters`);
  if (looksPersonal(unitId)) {
    return reject('unit_id_not_pseudonymous', 'unitId looks like an e-mail address or a phone number; send a pseudonymous id');
  }
  const at = readInstant(event['at']);
  if (at === null) return reject('invalid_at', 'at must be an ISO 8601 time with a zone, such as 2026-11-21T20:15:00Z');
  if (at.time > received.at + LIMITS.aheadMs || at.time < received.at - LIMITS.oldestMs) {
    return reject('at_out_of_range', 'at must lie within the last 90 days and at most 10 minutes ahead');
  }
  const details = validateDetails(event, kind);
  if ('code' in details) return details;
  const { decisionId, name, value, actionId, itemId, position, propertiesText } = details;
  return {
    id, kind, unitId, at: at.time, atText: at.text, receivedAtText: received.text,
    decisionId, name, value, actionId, itemId, position, propertiesText,
  };
}

type Details = Pick<
  WrittenEvent,
  'decisionId' | 'name' | 'value' | 'actionId' | 'itemId' | 'position' | 'propertiesText'
>;

function validateDetails(event: Readonly<Record<string, unknown>>, kind: WrittenEvent['kind']): Details | Rejection {
  const decisionId = event['decisionId'] ?? null;
  const actionId = event['actionId'] ?? null;
  const itemId = event['itemId'] ?? null;
  const name = event['name'] ?? null;
  const value = event['value'] ?? null;
  const position = event['position'] ?? null;
  if (decisionId !== null && !isId(decisionId)) return reject('invalid_decision_id', 'decisionId must be the id of a decision');
  if (actionId !== null && !isId(actionId)) return reject('invalid_action_id', 'actionId must be the id of an action');
  if (itemId !== null && !isId(itemId)) return reject('invalid_item_id', 'itemId must be the id of an item');
  if (!isName(name, kind)) return reject('invalid_name', `an outcome needs a name that matches ${NAME_PATTERN}`);
  if (decisionId === null && kind === 'exposure') return reject('decision_id_required', 'an exposure needs the decisionId that was shown');
  if (value !== null && !isAmount(value)) return reject('invalid_value', 'value must be a finite number between -1e12 and 1e12');
  if (position !== null && !isPosition(position)) {
    return reject('invalid_position', `position must be a whole number from 0 to ${LIMITS.position}`);
  }
  const properties = event['properties'] ?? null;
  if (properties === null) return { decisionId, name, value, actionId, itemId, position, propertiesText: null };
  const problem = propertiesProblem(properties);
  if (problem !== null) return reject('invalid_properties', problem);
  const propertiesText = JSON.stringify(properties);
  if (isTooLong(propertiesText)) {
    return reject('invalid_properties', `properties must be at most ${LIMITS.propertiesBytes} bytes of JSON`);
  }
  return { decisionId, name, value, actionId, itemId, position, propertiesText };
}

const isName = (name: unknown, kind: WrittenEvent['kind']): name is string | null =>
  name === null ? kind === 'exposure' : typeof name === 'string' && NAME.test(name);

// Infinity (a JSON number such as 1e400) and NaN fail the comparison.
const isAmount = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) <= LIMITS.value;

const isPosition = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LIMITS.position;

// A character is at most three bytes: most texts need no exact count.
const isTooLong = (text: string): boolean =>
  text.length * 3 > LIMITS.propertiesBytes && Buffer.byteLength(text) > LIMITS.propertiesBytes;

const propertiesProblem = (properties: unknown): string | null =>
  typeof properties !== 'object' || Array.isArray(properties) ? 'properties must be an object' : jsonProblem(properties, 1);

/** Why a parsed JSON value cannot be stored, or null. Depth is bounded, so the recursion is. */
function jsonProblem(value: unknown, depth: number): string | null {
  if (typeof value === 'string') return isStorable(value) ? null : 'properties must not contain U+0000 or lone surrogates';
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'numbers in properties must be finite';
  if (typeof value !== 'object' || value === null) return null;
  if (depth > LIMITS.propertiesDepth) return `properties must be nested at most ${LIMITS.propertiesDepth} deep`;
  const children = Array.isArray(value) ? value : Object.values(value);
  if (!Array.isArray(value) && !Object.keys(value).every(isStorable)) return 'properties must not contain U+0000 or lone surrogates';
  for (const child of children) {
    const problem = jsonProblem(child, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}
