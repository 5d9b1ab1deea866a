import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DomainError } from './errors.js';
import { conditionSources } from './saved-conditions.js';
import { CONDITION_OPERATORS } from './targeting-operators.js';
import {
  CONDITION_LIMITS,
  attributesOf,
  compileCondition,
  conditionSchema,
  explainCondition,
  parseCondition,
  parseSegmentCondition,
  segmentsOf,
  unitListsOf,
} from './targeting.js';
import { hashUnitId } from './unit-list.js';
import type { Condition, Context } from './vocabulary.js';

const holds = (condition: unknown, context: Context): boolean =>
  compileCondition(parseCondition(condition))(context);
function refusal(input: unknown): DomainError {
  try {
    parseCondition(input);
  } catch (error) {
    if (error instanceof DomainError) return error;
  }
  throw new Error('the condition was accepted');
}

describe('evaluation', () => {
  it.each<[string, unknown, Context, boolean]>([
    ['eq', { attribute: 'a', op: 'eq', value: 1 }, { a: 1 }, true],
    ['eq does not convert', { attribute: 'a', op: 'eq', value: 1 }, { a: '1' }, false],
    ['eq null holds for a missing attribute', { attribute: 'a', op: 'eq', value: null }, {}, true],
    ['ne', { attribute: 'a', op: 'ne', value: 'x' }, { a: 'y' }, true],
    ['ne holds for a missing attribute', { attribute: 'a', op: 'ne', value: 'x' }, {}, true],
    ['in', { attribute: 'a', op: 'in', value: ['x', 'y'] }, { a: 'y' }, true],
    [
      'in with a list looks for a common entry',
      { attribute: 'a', op: 'in', value: ['x'] },
      { a: ['z', 'x'] },
      true,
    ],
    ['notIn', { attribute: 'a', op: 'notIn', value: ['x'] }, { a: 'x' }, false],
    ['notIn holds for a missing attribute', { attribute: 'a', op: 'notIn', value: ['x'] }, {}, true],
    ['lt', { attribute: 'a', op: 'lt', value: 3 }, { a: 2 }, true],
    ['lt with a missing attribute', { attribute: 'a', op: 'lt', value: 3 }, {}, false],
    ['lt with another type', { attribute: 'a', op: 'lt', value: 3 }, { a: '2' }, false],
    ['lte', { attribute: 'a', op: 'lte', value: 3 }, { a: 3 }, true],
    ['gt with texts', { attribute: 'a', op: 'gt', value: '2026-01-01' }, { a: '2026-02-01' }, true],
    ['gte', { attribute: 'a', op: 'gte', value: 3 }, { a: 2.999 }, false],
    ['gte with NaN', { attribute: 'a', op: 'gte', value: 3 }, { a: NaN }, false],
    ['exists', { attribute: 'a', op: 'exists' }, { a: false }, true],
    ['exists with null', { attribute: 'a', op: 'exists' }, { a: null }, false],
    ['notExists', { attribute: 'a', op: 'notExists' }, {}, true],
    ['contains in a text', { attribute: 'a', op: 'contains', value: 'oo' }, { a: 'foo' }, true],
    ['contains in a list', { attribute: 'a', op: 'contains', value: 'kids' }, { a: ['kids', 'teen'] }, true],
    [
      'contains in a list wants the entire entry',
      { attribute: 'a', op: 'contains', value: 'kid' },
      { a: ['kids'] },
      false,
    ],
    ['startsWith', { attribute: 'a', op: 'startsWith', value: 'fo' }, { a: 'foo' }, true],
    ['endsWith', { attribute: 'a', op: 'endsWith', value: 'oo' }, { a: 3 }, false],
    ['inIgnoreCase', { attribute: 'a', op: 'inIgnoreCase', value: ['fr'] }, { a: 'FR' }, true],
    ['notInIgnoreCase', { attribute: 'a', op: 'notInIgnoreCase', value: ['FR'] }, { a: ['de', 'fr'] }, false],
    ['hasAll', { attribute: 'a', op: 'hasAll', value: ['x', 'y'] }, { a: ['y', 'z', 'x'] }, true],
    ['hasAll of a text', { attribute: 'a', op: 'hasAll', value: ['x'] }, { a: 'x' }, false],
    ['hasAllIgnoreCase', { attribute: 'a', op: 'hasAllIgnoreCase', value: ['X'] }, { a: ['x'] }, true],
    ['matches', { attribute: 'a', op: 'matches', value: '^tv-[0-9]+$' }, { a: 'tv-12' }, true],
    ['matches minds the case', { attribute: 'a', op: 'matches', value: '^tv' }, { a: 'TV' }, false],
    ['matchesIgnoreCase', { attribute: 'a', op: 'matchesIgnoreCase', value: '^tv' }, { a: 'TV' }, true],
    ['matches does not convert', { attribute: 'a', op: 'matches', value: '1' }, { a: 1 }, false],
    ['isType', { attribute: 'a', op: 'isType', value: 'list' }, { a: [] }, true],
    ['isType of a missing attribute', { attribute: 'a', op: 'isType', value: 'null' }, {}, true],
    ['sizeIs', { attribute: 'a', op: 'sizeIs', value: 2 }, { a: ['x', 'y'] }, true],
    ['sizeAtLeast of a text', { attribute: 'a', op: 'sizeAtLeast', value: 0 }, { a: 'xy' }, false],
    ['sizeAtMost', { attribute: 'a', op: 'sizeAtMost', value: 1 }, { a: ['x', 'y'] }, false],
    [
      'elemMatch',
      { attribute: 'a', op: 'elemMatch', value: { op: 'startsWith', value: 'sci' } },
      { a: ['drama', 'sci-fi'] },
      true,
    ],
    ['versionGt by number', { attribute: 'a', op: 'versionGt', value: '9.9.0' }, { a: '10.0.0' }, true],
    [
      'versionLt of a pre-release',
      { attribute: 'a', op: 'versionLt', value: '2.0.0' },
      { a: '2.0.0-rc.1' },
      true,
    ],
    [
      'versionEq without v and build',
      { attribute: 'a', op: 'versionEq', value: 'v1.2.3' },
      { a: '1.2.3+7' },
      true,
    ],
    ['versionGte of a missing attribute', { attribute: 'a', op: 'versionGte', value: '0.0.0' }, {}, false],
  ])('%s', (_title, condition, context, expected) => {
    expect(holds(condition, context)).toBe(expected);
  });

  it('combines', () => {
    const condition = {
      all: [
        {
          any: [
            { attribute: 'tv', op: 'eq', value: true },
            { attribute: 'age', op: 'gt', value: 17 },
          ],
        },
        { not: { attribute: 'country', op: 'eq', value: 'US' } },
      ],
    };
    expect(holds(condition, { tv: true, country: 'FR' })).toBe(true);
    expect(holds(condition, { tv: false, age: 17, country: 'FR' })).toBe(false);
    expect(holds(condition, { age: 40, country: 'US' })).toBe(false);
    expect(compileCondition(null)({})).toBe(true);
  });

  it('reads own properties only', () => {
    for (const attribute of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      expect(holds({ attribute, op: 'exists' }, {})).toBe(false);
    }
    expect(holds({ attribute: 'a', op: 'exists' }, Object.create({ a: 1 }) as Context)).toBe(false);
    expect(
      holds({ attribute: '__proto__', op: 'eq', value: 'x' }, JSON.parse('{"__proto__": "x"}') as Context),
    ).toBe(true);
    expect(
      holds({ attribute: 'a', op: 'exists' }, Object.assign(Object.create(null), { a: 1 }) as Context),
    ).toBe(true);
  });

  it('explains with the same verdict as it evaluates (property)', () => {
    const value = fc.oneof(
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom('a', 'b', ''),
      fc.boolean(),
      fc.constant(null),
    );
    const clause = fc.record({
      attribute: fc.constantFrom('x', 'y'),
      op: fc.constantFrom('eq', 'ne'),
      value,
    });
    const order = fc.record({
      attribute: fc.constantFrom('x', 'y'),
      op: fc.constantFrom('lt', 'gte'),
      value: fc.integer({ max: 3 }),
    });
    const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
      condition: fc.oneof(
        { maxDepth: 4 },
        clause as fc.Arbitrary<Condition>,
        order as fc.Arbitrary<Condition>,
        fc.record({ not: tie('condition') }),
        fc.record({ all: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
        fc.record({ any: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) }),
      ),
    }));
    fc.assert(
      fc.property(condition, fc.dictionary(fc.constantFrom('x', 'y'), value), (tree, context) => {
        expect(explainCondition(parseCondition(tree), context).passed).toBe(compileCondition(tree)(context));
      }),
      { seed: 17, numRuns: 500 },
    );
  });

  it('explains each clause, also those a short-circuit would skip', () => {
    const condition = parseCondition({
      any: [
        { attribute: 'tv', op: 'eq', value: true },
        { not: { attribute: 'country', op: 'in', value: ['US'] } },
      ],
    });
    expect(explainCondition(condition, { tv: true, country: 'US' })).toEqual({
      passed: true,
      clauses: [
        {
          pointer: '/any/0',
          clause: 'tv is true',
          attribute: 'tv',
          expected: true,
          actual: true,
          passed: true,
        },
        {
          pointer: '/any/1/not',
          clause: 'country is one of ["US"]',
          attribute: 'country',
          expected: ['US'],
          actual: 'US',
          passed: true,
        },
      ],
    });
    expect(explainCondition(null, {})).toEqual({ passed: true, clauses: [] });
  });
});

describe('parsing', () => {
  it.each<[unknown, string, RegExp]>([
    ['x', '/', /must be an object/],
    [null, '/', /must be an object/],
    [[], '/', /must be an object/],
    [{}, '/attribute', /must be a text/],
    [{ attribute: 'a', op: 'like', value: 1 }, '/op', /must be one of eq, ne/],
    [{ attribute: 'a', op: 'eq' }, '/value', /must be a text, a finite number/],
    [{ attribute: 'a', op: 'eq', value: Infinity }, '/value', /finite number/],
    [{ attribute: 'a', op: 'in', value: [] }, '/value', /empty/],
    [{ attribute: 'a', op: 'in', value: [{}] }, '/value/0', /text/],
    [{ attribute: 'a', op: 'lt', value: true }, '/value', /number or a text/],
    [{ attribute: 'a', op: 'exists', value: 1 }, '/value', /left out/],
    [{ attribute: 'a', op: 'eq', value: 'x'.repeat(501) }, '/value', /./],
    [{ attribute: 'a'.repeat(101), op: 'exists' }, '/attribute', /./],
    [{ attribute: 'a', op: 'exists', extra: 1 }, '/', /extra/],
    [{ all: [] }, '/all', /at least one/],
    [{ all: [{ attribute: 'a', op: 'exists' }], any: [] }, '/', /stands alone/],
    [{ any: [{ attribute: 'a', op: 'exists' }, { not: 3 }] }, '/any/1/not', /must be an object/],
  ])('refuses %j', (input, pointer, message) => {
    const error = refusal(input);
    expect(error.code).toBe('invalid_condition');
    expect(error.pointer).toBe(pointer);
    expect(error.message).toMatch(message);
  });

  it('limits depth and size without overflowing the stack', () => {
    let deep: unknown = { attribute: 'a', op: 'exists' };
    for (let i = 0; i < 100_000; i++) deep = { not: deep };
    expect(refusal(deep).message).toContain(`deeper than ${CONDITION_LIMITS.depth}`);
    expect(refusal({ all: new Array(200).fill({ attribute: 'a', op: 'exists' }) }).message).toContain(
      'more than 200 parts',
    );
  });

  it('refuses "__proto__" as a part and copies what it accepts', () => {
    expect(refusal(JSON.parse('{"attribute":"a","op":"exists","__proto__":{"all":[]}}')).code).toBe(
      'invalid_condition',
    );
    for (const { key, value } of CONDITION_OPERATORS) {
      const given = {
        scalar: 'x',
        list: ['x'],
        'number-or-text': 3,
        text: 'x',
        none: undefined,
        pattern: '^x',
        version: '1.2.3',
        count: 2,
        type: 'list',
        entry: { op: 'startsWith', value: 'x' },
        'unit-list': 'testers',
      }[value];
      const clause =
        given === undefined ? { attribute: 'a', op: key } : { attribute: 'a', op: key, value: given };
      expect(parseCondition(clause)).toEqual(clause);
    }
  });

  it('names segments at a version, and lists of readable or hashed ids', () => {
    const sources = conditionSources({
      segments: [
        { key: 'fans', version: 1, condition: { attribute: 'plays', op: 'gte', value: 10 } },
        { key: 'fans', version: 2, condition: { attribute: 'plays', op: 'gte', value: 50 } },
      ],
      unitLists: [
        { key: 'staff', hashed: false, entries: ['m1'] },
        { key: 'partners', hashed: true, entries: [hashUnitId('m2')] },
      ],
    });
    const test = (condition: Condition, context: Context, unitId = 'm1'): boolean =>
      compileCondition(parseCondition(condition), sources)(context, unitId);
    expect(test({ segment: 'fans', version: 1 }, { plays: 20 })).toBe(true);
    expect(test({ segment: 'fans' }, { plays: 20 })).toBe(false);
    expect(test({ not: { segment: 'fans' } }, { plays: 20 })).toBe(true);
    const staff: Condition = { attribute: '$unit', op: 'inList', value: 'staff' };
    expect([test(staff, {}), test(staff, {}, 'm2'), test(staff, { $unit: 'm1' }, 'm2')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(test({ attribute: '$unit', op: 'notInList', value: 'partners' }, {}, 'm2')).toBe(false);
    expect(test({ attribute: 'friend', op: 'inList', value: 'partners' }, { friend: 'm2' })).toBe(true);
    expect(explainCondition({ segment: 'fans' }, { plays: 60 }, 'm1', sources).clauses).toMatchObject([
      { clause: 'in "fans": plays is at least 50', passed: true },
    ]);
    expect(() => test({ segment: 'fans', version: 3 }, {})).toThrow(/does not exist in version 3/);
    expect(() => test({ attribute: '$unit', op: 'inList', value: 'nobody' }, {})).toThrow(
      /"nobody" does not exist/,
    );
    expect(segmentsOf({ all: [{ segment: 'fans' }, { not: staff }] })).toEqual([{ segment: 'fans' }]);
    expect(unitListsOf({ all: [{ segment: 'fans' }, { not: staff }] })).toEqual(['staff']);
    expect(
      attributesOf({
        all: [
          { segment: 'fans' },
          { not: staff },
          {
            any: [
              { attribute: 'country', op: 'exists' },
              { attribute: 'country', op: 'eq', value: 'FR' },
            ],
          },
        ],
      }),
    ).toEqual(['country']);
    expect(attributesOf(null)).toEqual([]);
    expect(() => parseSegmentCondition({ not: { segment: 'fans' } })).toThrow(/cannot be made of segments/);
    expect(refusal({ any: new Array(11).fill({ segment: 'fans' }) }).message).toContain(
      'more than 10 segments',
    );
    expect(refusal({ attribute: '$other', op: 'exists' }).message).toContain('begins with $');
  });

  it('takes patterns that can be slow elsewhere in linear time, and refuses what has no automaton', () => {
    const slow = parseCondition({ attribute: 'a', op: 'matches', value: '^(a+)+$' });
    const test = compileCondition(slow);
    const begun = process.cpuUsage();
    // Backtracking would take 2^16,000 steps.
    expect(test({ a: `${'a'.repeat(16_000)}!` })).toBe(false);
    // Time of the processor: a busy machine takes longer by the clock.
    expect(process.cpuUsage(begun).user).toBeLessThan(1_000_000);
    expect(test({ a: 'a'.repeat(20_000) })).toBe(false);
    for (const value of ['(?=a)b', '(a)\\1', '(?<!a)b', '[', 'a{1001}', '((a{100}){100}){100}'])
      expect(refusal({ attribute: 'a', op: 'matches', value }).pointer).toBe('/value');
    const inside = { attribute: 'a', op: 'elemMatch', value: { op: 'matches', value: '[' } };
    expect(refusal(inside).pointer).toBe('/value/value');
    expect(
      refusal({ any: new Array(21).fill({ attribute: 'a', op: 'matches', value: 'a' }) }).message,
    ).toContain('more than 20 patterns');
  });

  it('speaks zod', () => {
    const result = conditionSchema.safeParse({ all: [{ attribute: 'a', op: 'nope' }] });
    expect(result.error?.issues[0]?.path).toEqual(['all', '0', 'op']);
    expect(conditionSchema.parse({ attribute: 'a', op: 'exists' })).toEqual({ attribute: 'a', op: 'exists' });
  });
});
