import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DomainError } from './errors.js';
import { CONDITION_OPERATORS } from './targeting-operators.js';
import {
  CONDITION_LIMITS,
  compileCondition,
  conditionSchema,
  explainCondition,
  parseCondition,
} from './targeting.js';
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
      const given = { scalar: 'x', list: ['x'], 'number-or-text': 3, text: 'x', none: undefined }[value];
      const clause =
        given === undefined ? { attribute: 'a', op: key } : { attribute: 'a', op: key, value: given };
      expect(parseCondition(clause)).toEqual(clause);
    }
  });

  it('speaks zod', () => {
    const result = conditionSchema.safeParse({ all: [{ attribute: 'a', op: 'nope' }] });
    expect(result.error?.issues[0]?.path).toEqual(['all', '0', 'op']);
    expect(conditionSchema.parse({ attribute: 'a', op: 'exists' })).toEqual({ attribute: 'a', op: 'exists' });
  });
});
