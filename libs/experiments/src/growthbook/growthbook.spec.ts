import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../vocabulary.js';
import { compileMongoCondition } from './condition.js';
import { evaluateExperiment, evaluateFeature } from './evaluate.js';
import type { JsonObject } from './json.js';
import type { GrowthBookContext, StickyDocument } from './payload.js';
import { queryStringOverride } from './unit.js';

const holds = (condition: Json, attributes: JsonObject, groups = {}): boolean =>
  compileMongoCondition(condition)(attributes, groups);

describe('GrowthBook conditions', () => {
  it.each<[string, Json, JsonObject, boolean]>([
    ['a dotted path', { 'a.b': { $gt: 1 } }, { a: { b: 2 } }, true],
    ['a missing path is null', { 'a.b': null }, { a: 3 }, true],
    ['lists of objects', { a: { $elemMatch: { n: { $in: ['x'] } } } }, { a: [{ n: 'y' }, { n: 'x' }] }, true],
    ['texts and numbers compare as in JavaScript', { a: { $lt: 10 } }, { a: '9' }, true],
    ['objects compare as nothing', { a: { $gte: 0 } }, { a: { valueOf: 1, toString: 1 } }, false],
    ['$nor of nothing', { $nor: [] }, {}, false],
    ['an unknown operator', { a: { $near: 1 } }, { a: 1 }, false],
    ['a look-ahead', { a: { $regex: '(?=x)' } }, { a: 'x' }, false],
    ['$nini', { a: { $nini: ['FR'] } }, { a: 'fr' }, false],
    ['$alli', { a: { $alli: ['X'] } }, { a: ['x', 'y'] }, true],
    ['prototypes', { 'constructor.name': 'Object' }, {}, false],
    ['inherited groups', { a: { $inGroup: 'toString' } }, { a: 'x' }, false],
  ])('%s', (_title, condition, attributes, expected) => {
    expect(holds(condition, attributes)).toBe(expected);
  });

  it('bounds what is stored and what is evaluated', () => {
    let deep: Json = { a: 1 };
    for (let i = 0; i < 20_000; i++) deep = { $not: deep };
    expect(() => compileMongoCondition(deep)).toThrow(/nested deeper/);
    expect(() => compileMongoCondition({ $or: new Array<Json>(600).fill({ a: 1 }) })).toThrow(
      /more than 500 parts/,
    );
    expect(() => compileMongoCondition('x')).toThrow(/must be an object/);
    // Five lists inside one another: 300^5 comparisons, of which it makes 100,000 and then does not match.
    let nested: Json = { $eq: 'never' };
    let list: Json = new Array<Json>(300).fill('x');
    for (let i = 0; i < 4; i++) {
      nested = { $elemMatch: nested };
      list = new Array<Json>(300).fill(list);
    }
    // Time of the processor: a busy machine takes longer by the clock.
    const begun = process.cpuUsage();
    expect(holds({ a: { $elemMatch: nested } }, { a: list })).toBe(false);
    expect(holds({ a: { $not: { $elemMatch: nested } } }, { a: list })).toBe(false);
    expect(process.cpuUsage(begun).user).toBeLessThan(1_000_000);
  });

  it('never throws on attributes, whatever they are (property)', () => {
    const condition = compileMongoCondition({
      $or: [
        { a: { $lt: 3, $regex: 'x', $size: { $gt: 1 }, $vgt: '1.0.0', $type: 'object' } },
        { 'a.b': { $elemMatch: { c: 1 }, $all: ['x'], $in: [1, 'x'], $ne: null } },
        { a: { $not: { $exists: true } } },
      ],
    });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), fc.jsonValue()), (attributes) => {
        expect(typeof condition(attributes as JsonObject)).toBe('boolean');
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});

describe('GrowthBook features', () => {
  const context = (parts: Partial<GrowthBookContext> = {}): GrowthBookContext => ({
    attributes: { id: '1', country: 'FR' },
    ...parts,
  });

  it('asks the rules in order, prerequisites first, and ends circles', () => {
    const features = {
      parent: { defaultValue: 'off', rules: [{ force: 'on', condition: { country: 'FR' } }] },
      gated: {
        defaultValue: 1,
        rules: [{ parentConditions: [{ id: 'parent', condition: { value: 'on' } }], force: 2 }],
      },
      loop: { defaultValue: 1, rules: [{ parentConditions: [{ id: 'loop', condition: {} }], force: 2 }] },
    };
    expect(evaluateFeature(context({ features }), 'gated').value).toBe(2);
    expect(evaluateFeature(context({ features, attributes: { country: 'DE' } }), 'gated').value).toBe(1);
    expect(evaluateFeature(context({ features }), 'loop').source).toBe('cyclicPrerequisite');
    expect(evaluateFeature(context({ features }), '__proto__').source).toBe('unknownFeature');
  });

  it('keeps a stored arm when weights change, by fallback attribute too, and blocks old bucket versions', () => {
    const sticky = new Map<string, StickyDocument>();
    const experiment = {
      key: 'exp',
      variations: ['a', 'b'],
      meta: [{ key: 'a' }, { key: 'b' }],
      hashVersion: 2,
      fallbackAttribute: 'deviceId',
    };
    const anonymous = context({ attributes: { deviceId: 'd1' }, sticky });
    const first = evaluateExperiment(anonymous, experiment);
    expect(first).toMatchObject({ inExperiment: true, hashAttribute: 'deviceId', stickyBucketUsed: false });
    const weights = first.value === 'a' ? [0, 1] : [1, 0];
    const signedIn = context({ attributes: { deviceId: 'd1', id: 'm1' }, sticky });
    expect(evaluateExperiment(signedIn, { ...experiment, weights })).toMatchObject({
      value: first.value,
      hashAttribute: 'id',
      stickyBucketUsed: true,
    });
    expect([...sticky.keys()]).toEqual(['deviceId||d1', 'id||m1']);
    const raised = { ...experiment, bucketVersion: 1, minBucketVersion: 1 };
    expect(evaluateExperiment(signedIn, raised).inExperiment).toBe(false);
  });

  it('reads an arm from an address', () => {
    expect(queryStringOverride('e', 'https://x.example/?a=1&e=1#e=0', 2)).toBe(1);
    for (const url of ['', 'https://x.example', 'https://x.example/?e=2', 'https://x.example/?e=-1', '?e=x'])
      expect(queryStringOverride('e', url, 2)).toBeNull();
  });
});
