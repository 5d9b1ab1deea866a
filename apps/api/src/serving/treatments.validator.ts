import type { Context, ContextValue } from '#experiments';
import { Problem } from '../http/problem.js';
import type { FieldError } from '../http/problem.js';
import { looksPersonal } from '../http/unit-id.js';
import type { NamedAction } from './catalog-data.js';
import type { TreatmentRequest, TreatmentsRequest } from './serve-treatments.js';

export const LIMITS = {
  requests: 50,
  actions: 1000,
  contextKeys: 100,
  /** Of a context, and of one action's features, as JSON: every decision is recorded with them. */
  contextBytes: 16_384,
  featureKeys: 64,
  idLength: 256,
  unitIdLength: 128,
  keyLength: 64,
  textLength: 512,
  listLength: 64,
  errors: 20,
  testerLength: 4096,
} as const;

export const KEY_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$';
const KEY = new RegExp(KEY_PATTERN);
/** A ULID, as `decisionId` is one. */
export const DECISION_ID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
// PostgreSQL stores no U+0000, and UTF-8 has no lone surrogates.
const UNSTORABLE = /[\0\p{Surrogate}]/u;
// Halves of surrogate pairs as well: cheaper than the Unicode-aware test, and rare.
const SUSPECT = /[\0\ud800-\udfff]/;
const NO_CONTEXT: Context = Object.freeze({});

/** A request with a tester's token, which is yet to be read. */
export interface AskedTreatments extends TreatmentsRequest {
  readonly testerToken?: string;
}

const isStorable = (text: string): boolean => !SUSPECT.test(text) || !UNSTORABLE.test(text);
const isText = (value: unknown, longest: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= longest && isStorable(value);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Collects faults; a list of a thousand broken candidates is not worth a thousand messages. */
class Faults {
  readonly errors: FieldError[] = [];

  /** @param measure whether a part of the body can be too large, so that sizes must be looked at. */
  constructor(readonly measure: boolean) {}

  add(pointer: string, code: string, message: string): void {
    if (this.errors.length < LIMITS.errors) this.errors.push({ pointer, code, message });
  }

  throwIfAny(): void {
    const first = this.errors[0];
    if (first) throw new Problem(400, 'invalid_request', `${first.pointer}: ${first.message}`, this.errors);
  }
}

const escapeKey = (key: string): string =>
  key.slice(0, LIMITS.keyLength).replaceAll('~', '~0').replaceAll('/', '~1');

/**
 * Checks the body of `POST /v1/treatments`. Written by hand because it runs on the hot path: it returns the parsed
 * parts themselves and allocates next to nothing. treatments.schema.ts documents the same rules.
 * @param bytes size of the body as it was sent; of a small one no part needs to be measured.
 * @throws Problem 400 `invalid_request` with a JSON pointer for every fault (at most 20).
 */
export function parseTreatments(body: unknown, bytes = Infinity): AskedTreatments {
  const faults = new Faults(bytes > LIMITS.contextBytes);
  if (!isObject(body)) throw Problem.invalid('', 'invalid_type', 'the body must be an object');
  const unitId = parseUnitId(body['unitId'], faults);
  const unitType = body['unitType'] ?? 'member';
  if (typeof unitType !== 'string' || !KEY.test(unitType))
    faults.add('/unitType', 'invalid_key', `must match ${KEY_PATTERN}`);
  const context = parseContext(body['context'], '/context', LIMITS.contextKeys, faults) ?? NO_CONTEXT;
  const expose = body['expose'] ?? false;
  if (typeof expose !== 'boolean') faults.add('/expose', 'invalid_type', 'must be true or false');
  const requests = parseRequests(body['requests'], faults);
  const tester = parseTester(body['tester'] ?? null, faults);
  faults.throwIfAny();
  const request = { unitId, unitType: unitType as string, context, requests, expose: expose as boolean };
  return tester === null ? request : { ...request, testerToken: tester };
}

function parseTester(tester: unknown, faults: Faults): string | null {
  if (tester === null || isText(tester, LIMITS.testerLength)) return tester;
  const message = `must be a token of at most ${LIMITS.testerLength} characters`;
  faults.add('/tester', 'invalid_tester_token', message);
  return null;
}

function parseUnitId(unitId: unknown, faults: Faults): string {
  if (!isText(unitId, LIMITS.unitIdLength)) {
    faults.add(
      '/unitId',
      'invalid_id',
      `must be a text of 1 to ${LIMITS.unitIdLength} characters without U+0000`,
    );
    return '';
  }
  if (looksPersonal(unitId)) {
    faults.add(
      '/unitId',
      'unit_id_not_pseudonymous',
      'looks like an e-mail address or a phone number; send a pseudonymous id',
    );
  }
  return unitId;
}

function parseRequests(input: unknown, faults: Faults): TreatmentRequest[] {
  if (!Array.isArray(input) || input.length === 0 || input.length > LIMITS.requests) {
    faults.add('/requests', 'invalid_length', `must be a list of 1 to ${LIMITS.requests} requests`);
    return [];
  }
  return input.map((item: unknown, index) => parseRequest(item, index, faults));
}

const NO_REQUEST: TreatmentRequest = { surface: '', subject: null, actions: null, limit: null, parent: null };

function parseRequest(input: unknown, index: number, faults: Faults): TreatmentRequest {
  const pointer = `/requests/${index}`;
  if (!isObject(input)) {
    faults.add(pointer, 'invalid_type', 'must be an object');
    return NO_REQUEST;
  }
  const { surface } = input;
  if (typeof surface !== 'string' || !KEY.test(surface))
    faults.add(`${pointer}/surface`, 'invalid_key', `must match ${KEY_PATTERN}`);
  const subject = input['subject'] ?? null;
  if (subject !== null && !isText(subject, LIMITS.idLength)) {
    faults.add(
      `${pointer}/subject`,
      'invalid_id',
      `must be a text of 1 to ${LIMITS.idLength} characters without U+0000`,
    );
  }
  const limit = input['limit'] ?? null;
  if (limit !== null && !isLimit(limit)) {
    faults.add(`${pointer}/limit`, 'invalid_limit', `must be a whole number from 1 to ${LIMITS.actions}`);
  }
  const actions = parseActions(input['actions'] ?? null, `${pointer}/actions`, faults);
  return {
    surface: surface as string,
    subject: subject as string | null,
    actions,
    limit: limit as number | null,
    parent: parseParent(input['parent'] ?? null, index, faults),
  };
}

/** The index of an earlier request of the same call, or the id of a decision that was made before. */
function parseParent(parent: unknown, index: number, faults: Faults): number | string | null {
  if (parent === null) return null;
  if (typeof parent === 'number' && Number.isInteger(parent) && parent >= 0 && parent < index) return parent;
  if (typeof parent === 'string' && DECISION_ID.test(parent)) return parent;
  faults.add(
    `/requests/${index}/parent`,
    'invalid_parent',
    'must be the index of an earlier request of this call, or the decisionId of an earlier answer',
  );
  return null;
}

const isLimit = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LIMITS.actions;

function parseActions(input: unknown, pointer: string, faults: Faults): NamedAction[] | null {
  if (input === null) return null;
  if (!Array.isArray(input) || input.length > LIMITS.actions) {
    faults.add(pointer, 'invalid_length', `must be a list of at most ${LIMITS.actions} actions`);
    return null;
  }
  const seen = new Set<string>();
  return input.map((item: unknown, index) => {
    const id = isObject(item) ? item['id'] : undefined;
    if (!isText(id, LIMITS.idLength)) {
      faults.add(
        `${pointer}/${index}/id`,
        'invalid_id',
        `must be a text of 1 to ${LIMITS.idLength} characters without U+0000`,
      );
      return { id: '' };
    }
    if (seen.has(id)) faults.add(`${pointer}/${index}/id`, 'duplicate_action', 'stands in the list already');
    seen.add(id);
    const features = (item as Readonly<Record<string, unknown>>)['features'];
    if (features === undefined || features === null) return { id };
    const parsed = parseContext(features, `${pointer}/${index}/features`, LIMITS.featureKeys, faults);
    return parsed ? { id, features: parsed } : { id };
  });
}

/** A flat object of scalars and lists of texts; undefined where there is none. */
function parseContext(
  input: unknown,
  pointer: string,
  mostKeys: number,
  faults: Faults,
): Context | undefined {
  if (input === undefined || input === null) return undefined;
  if (!isObject(input)) {
    faults.add(pointer, 'invalid_type', 'must be an object');
    return undefined;
  }
  let count = 0;
  for (const key in input) {
    if (++count > mostKeys) {
      faults.add(pointer, 'too_many_keys', `must have at most ${mostKeys} fields`);
      return undefined;
    }
    if (!isText(key, LIMITS.keyLength)) {
      faults.add(
        `${pointer}/${escapeKey(key)}`,
        'invalid_name',
        `names have 1 to ${LIMITS.keyLength} characters without U+0000`,
      );
    }
    const fault = faultOf(input[key]);
    if (fault !== null) faults.add(`${pointer}/${escapeKey(key)}`, 'invalid_value', fault);
  }
  const context = input as Readonly<Record<string, ContextValue>>;
  if (faults.measure && faults.errors.length === 0 && isTooLarge(context))
    faults.add(pointer, 'too_large', `must have at most ${LIMITS.contextBytes} bytes as JSON`);
  return context;
}

/** Bytes of JSON that a UTF-16 unit takes at most: an escape, `\u0001`. */
const BYTES_PER_UNIT = 6;
/** Units of a number, of `null` or of a boolean, at most. */
const SCALAR_UNITS = 24;

/** Writes out only what could be too large: a thousand candidates with a few features each are none of it. */
function isTooLarge(context: Context): boolean {
  let units = 2;
  for (const key in context) units += key.length + 4 + unitsOf(context[key]);
  if (units * BYTES_PER_UNIT <= LIMITS.contextBytes) return false;
  return Buffer.byteLength(JSON.stringify(context)) > LIMITS.contextBytes;
}

function unitsOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (!Array.isArray(value)) return SCALAR_UNITS;
  let units = 2;
  for (const one of value) units += (one as string).length + 3;
  return units;
}

function faultOf(value: unknown): string | null {
  switch (typeof value) {
    case 'boolean':
      return null;
    case 'number':
      return Number.isFinite(value) ? null : 'must be a finite number';
    case 'string':
      return value.length <= LIMITS.textLength && isStorable(value)
        ? null
        : `must be a text of at most ${LIMITS.textLength} characters without U+0000 and lone surrogates`;
    default:
      if (value === null) return null;
      return Array.isArray(value) &&
        value.length <= LIMITS.listLength &&
        value.every((one) => isText(one, LIMITS.textLength))
        ? null
        : `must be a text, a number, a boolean, null, or a list of at most ${LIMITS.listLength} texts`;
  }
}
