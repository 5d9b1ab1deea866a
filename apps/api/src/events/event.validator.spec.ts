import { describe, expect, it } from '@jest/globals';
import { decodeEvent, encodeWritten } from '../queues/event-lines.js';
import { isRejection, receivedAt, validateEvent } from './event.validator.js';
import { eventSchema } from './events.schema.js';
import { readInstant } from './instant.js';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');
const good = { id: 'e1', kind: 'outcome', unitId: 'm_1', at: '2026-11-21T11:59:00.000Z', name: 'play' };
const codeOf = (event: unknown): string | null => {
  const result = validateEvent(event, receivedAt(NOW));
  return isRejection(result) ? result.code : null;
};
const ahead = (ms: number): string => new Date(NOW + ms).toISOString();
const nested = (depth: number): unknown => (depth === 0 ? 1 : { in: nested(depth - 1) });

/** [what, event, code of the rejection or null]; the documenting schema must agree unless it cannot say the rule. */
const cases: readonly (readonly [string, unknown, string | null, 'schema cannot say'?])[] = [
  ['the least', good, null],
  ['an exposure', { id: 'e', kind: 'exposure', unitId: 'm', at: good.at, decisionId: 'd' }, null],
  [
    'nulls for what is absent',
    { ...good, value: null, decisionId: null, properties: null, position: null },
    null,
  ],
  ['unknown fields', { ...good, extra: 1 }, null],
  ['no object', 'x', 'not_an_object'],
  ['a list', [], 'not_an_object'],
  ['null', null, 'not_an_object'],
  ['no id', { ...good, id: undefined }, 'invalid_id'],
  ['an empty id', { ...good, id: '' }, 'invalid_id'],
  ['a number as id', { ...good, id: 7 }, 'invalid_id'],
  ['a long id', { ...good, id: 'x'.repeat(129) }, 'invalid_id'],
  ['the longest id', { ...good, id: 'x'.repeat(128) }, null],
  ['the longest action and item', { ...good, actionId: 'x'.repeat(256), itemId: 'x'.repeat(256) }, null],
  ['a long action', { ...good, actionId: 'x'.repeat(257) }, 'invalid_action_id'],
  ['a long item', { ...good, itemId: 'x'.repeat(257) }, 'invalid_item_id'],
  ['NUL in an id', { ...good, id: 'a\u0000b' }, 'invalid_id', 'schema cannot say'],
  ['half a character', { ...good, id: 'a\ud83d' }, 'invalid_id', 'schema cannot say'],
  ['a whole character', { ...good, id: 'a🎬' }, null],
  ['another kind', { ...good, kind: 'click' }, 'invalid_kind'],
  [
    'an e-mail address',
    { ...good, unitId: 'ann@example.org' },
    'unit_id_not_pseudonymous',
    'schema cannot say',
  ],
  ['a phone number', { ...good, unitId: '+49 170 1234567' }, 'unit_id_not_pseudonymous', 'schema cannot say'],
  [
    'a grouped phone number',
    { ...good, unitId: '(555) 123-4567' },
    'unit_id_not_pseudonymous',
    'schema cannot say',
  ],
  ['a number from a database', { ...good, unitId: '1234567890' }, null],
  ['a UUID', { ...good, unitId: '018f4d3e-7c1a-7b2f-9d3e-123456789012' }, null],
  ['a date as unit', { ...good, unitId: '2026-11-21-0001' }, null],
  ['no time', { ...good, at: undefined }, 'invalid_at'],
  ['Unix milliseconds', { ...good, at: NOW }, 'invalid_at'],
  ['words', { ...good, at: 'yesterday' }, 'invalid_at'],
  ['no zone', { ...good, at: '2026-11-21T11:59:00' }, 'invalid_at'],
  ['the 30th of February', { ...good, at: '2026-02-30T11:59:00.000Z' }, 'invalid_at'],
  ['the 25th hour', { ...good, at: '2026-11-21T25:00:00.000Z' }, 'invalid_at'],
  ['an offset', { ...good, at: '2026-11-21T13:30:00+02:00' }, null],
  ['microseconds', { ...good, at: '2026-11-21T11:30:00.123456Z' }, null],
  ['1970', { ...good, at: '1970-01-01T00:00:00.000Z' }, 'at_out_of_range', 'schema cannot say'],
  ['91 days old', { ...good, at: ahead(-91 * 86_400_000) }, 'at_out_of_range', 'schema cannot say'],
  ['89 days old', { ...good, at: ahead(-89 * 86_400_000) }, null],
  ['9 minutes ahead', { ...good, at: ahead(9 * 60_000) }, null],
  ['11 minutes ahead', { ...good, at: ahead(11 * 60_000) }, 'at_out_of_range', 'schema cannot say'],
  ['the year 9999', { ...good, at: '9999-12-31T23:59:59.999Z' }, 'at_out_of_range', 'schema cannot say'],
  ['no name', { ...good, name: undefined }, 'invalid_name', 'schema cannot say'],
  ['HTML as name', { ...good, name: '<script>alert(1)</script>' }, 'invalid_name'],
  ['SQL as name', { ...good, name: "play'; drop table event; --" }, 'invalid_name'],
  ['a name of 65', { ...good, name: 'a'.repeat(65) }, 'invalid_name'],
  ['a dotted name', { ...good, name: 'rating.v2-x_1' }, null],
  [
    'an exposure of nothing',
    { ...good, kind: 'exposure', name: undefined },
    'decision_id_required',
    'schema cannot say',
  ],
  ['an infinite value', { ...good, value: Infinity }, 'invalid_value'],
  ['no number', { ...good, value: Number.NaN }, 'invalid_value'],
  ['a text as value', { ...good, value: '1' }, 'invalid_value'],
  ['a value of 1e13', { ...good, value: -1e13 }, 'invalid_value'],
  ['a tiny value', { ...good, value: 5e-324 }, null],
  ['half a position', { ...good, position: 1.5 }, 'invalid_position'],
  ['a negative position', { ...good, position: -1 }, 'invalid_position'],
  ['position 10001', { ...good, position: 10_001 }, 'invalid_position'],
  ['a list as properties', { ...good, properties: [1] }, 'invalid_properties'],
  ['a text as properties', { ...good, properties: 'x' }, 'invalid_properties'],
  ['deep properties', { ...good, properties: nested(5) }, 'invalid_properties', 'schema cannot say'],
  ['less deep properties', { ...good, properties: nested(4) }, null],
  [
    'large properties',
    { ...good, properties: { text: 'x'.repeat(4096) } },
    'invalid_properties',
    'schema cannot say',
  ],
  [
    'wide characters',
    { ...good, properties: { text: 'ü'.repeat(2050) } },
    'invalid_properties',
    'schema cannot say',
  ],
  [
    'infinity inside',
    { ...good, properties: { a: { b: [Infinity] } } },
    'invalid_properties',
    'schema cannot say',
  ],
  ['NUL inside', { ...good, properties: { a: '\u0000' } }, 'invalid_properties', 'schema cannot say'],
  ['NUL in a key', { ...good, properties: { 'a\u0000': 1 } }, 'invalid_properties', 'schema cannot say'],
  ['a text that spells an escape', { ...good, properties: { a: '\\u0000' } }, null],
];

describe('validation of an event', () => {
  it.each(cases)('%s', (_what, event, code) => expect(codeOf(event)).toBe(code));

  it.each(cases.filter(([, , , except]) => except === undefined))(
    'the documented schema says the same: %s',
    (_what, event, code) => {
      expect(eventSchema.safeParse(event).success).toBe(code === null);
    },
  );

  it('treats prototype names as data and touches no prototype', () => {
    const event = JSON.parse(
      '{"id":"__proto__","kind":"outcome","unitId":"constructor","at":"2026-11-21T11:59:00.000Z","name":"play","properties":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}',
    ) as object;
    expect(codeOf(event)).toBeNull();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('survives a thousand levels of nesting', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(codeOf({ ...good, properties: { deep } })).toBe('invalid_properties');
  });
});

describe('an event as a line', () => {
  it('reads back what was written, whatever it contains', () => {
    const event = {
      ...good,
      id: 'tab\t nl\n cr\r back\\slash \\N',
      unitId: '\\N',
      decisionId: '\\t',
      itemId: 'ünï🎬',
      value: -0.1,
      position: 0,
      properties: { 'k\t': ['a\\nb', 'line\nbreak', '\\', null, 1e-7] },
    };
    const written = validateEvent(event, receivedAt(NOW));
    if (isRejection(written)) throw new Error(written.code);
    const line = encodeWritten(written);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(decodeEvent(line)).toEqual({
      id: event.id,
      kind: 'outcome',
      unitId: '\\N',
      at: Date.parse(good.at),
      receivedAt: NOW,
      decisionId: '\\t',
      name: 'play',
      value: -0.1,
      actionId: null,
      itemId: 'ünï🎬',
      position: 0,
      properties: event.properties,
    });
  });
});

describe('reading a time', () => {
  it('agrees with Date for every form it takes', () => {
    for (const text of [
      '2026-11-21T00:00:00.000Z',
      '2024-02-29T23:59:59.999Z',
      '2026-11-21T11:59:00Z',
      '2026-11-21T11:59:00.5-11:30',
    ]) {
      expect(readInstant(text)).toEqual({ time: Date.parse(text), text: new Date(text).toISOString() });
    }
    for (const text of [
      '2025-02-29T00:00:00.000Z',
      '2026-13-01T00:00:00.000Z',
      '2026-11-21',
      '',
      '2026-11-21T11:59:00.000z',
    ]) {
      expect(readInstant(text)).toBeNull();
    }
  });
});
