import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeDecision,
  encodeDecision,
  readDecisions,
  rewardWindowOf,
  storedPart,
} from './decision-lines.js';
import type { DecisionRecord } from './jobs.js';

// What PostgreSQL and UTF-8 cannot hold is refused before a decision is made.
const text = fc.string({ unit: 'grapheme' }).filter((s) => !s.includes('\0'));
const awkward = fc.oneof(
  text,
  fc.constantFrom('\\N', 'a\tb', 'line\nbreak\r', 'a\\"b{},', '\\', '\\t', '""', 'NULL'),
);
const key = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
const propensity = fc.double({ min: 1e-300, max: 1, noNaN: true });
const context = fc.dictionary(
  awkward,
  fc.oneof(awkward, fc.integer(), fc.boolean(), fc.constant(null), fc.array(awkward, { maxLength: 3 })),
);
const orNull = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(one, { nil: null });

const record: fc.Arbitrary<DecisionRecord> = fc.record(
  {
    id: fc.constant('01KABCDEFGHJKMNPQRSTVWXYZ0'),
    at: fc.integer({ min: 0, max: 4e12 }),
    unitId: awkward.filter((s) => s.length > 0),
    unitType: key,
    surface: key,
    subject: orNull(awkward),
    experiment: orNull(key),
    arm: orNull(key),
    phase: orNull(fc.integer({ min: 1, max: 99 })),
    kind: fc.constantFrom('value' as const, 'action' as const, 'slate' as const),
    chosen: fc.oneof(
      awkward,
      fc.constant(null),
      fc.array(fc.record({ id: awkward, propensity }), { maxLength: 3 }),
    ),
    propensity,
    armPropensity: propensity,
    policyId: orNull(key),
    policyVersion: orNull(fc.nat()),
    candidates: fc.array(awkward, { maxLength: 4 }),
    probabilities: orNull(fc.array(propensity, { maxLength: 4 })),
    context: context as fc.Arbitrary<DecisionRecord['context']>,
    features: fc.dictionary(awkward, context) as fc.Arbitrary<NonNullable<DecisionRecord['features']>>,
    seed: awkward,
    reason: fc.constantFrom('SPLIT' as const, 'POLICY' as const),
    fallback: orNull(awkward),
    holdout: orNull(key),
    exposed: fc.boolean(),
    latencyMicros: fc.nat(),
    slice: fc.constantFrom('exploration' as const, 'analysis' as const),
    shadow: fc.record({
      policyId: key,
      version: fc.nat(),
      chosen: awkward,
      propensity,
      servedPropensity: propensity,
      agrees: fc.boolean(),
    }),
    parentId: key,
    jointPropensity: propensity,
    withheld: fc.boolean(),
    withholdPropensity: propensity,
    featureVersion: fc.nat(),
    audit: context as fc.Arbitrary<NonNullable<DecisionRecord['audit']>>,
    askedMark: key,
    rewardWindowSeconds: orNull(fc.nat()),
  },
  {
    requiredKeys: [
      'id',
      'at',
      'unitId',
      'unitType',
      'surface',
      'subject',
      'experiment',
      'arm',
      'phase',
      'kind',
      'chosen',
      'propensity',
      'armPropensity',
      'policyId',
      'policyVersion',
      'candidates',
      'probabilities',
      'context',
      'seed',
      'reason',
      'fallback',
      'holdout',
      'exposed',
      'latencyMicros',
      'rewardWindowSeconds',
    ],
  },
);

describe('decisions as lines', () => {
  it('come back as they were, whatever is in them, and take one line each (property)', () => {
    fc.assert(
      fc.property(record, (one) => {
        const line = encodeDecision(one);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(decodeDecision(line)).toEqual(JSON.parse(JSON.stringify(one)));
        expect(rewardWindowOf(line)).toBe(one.rewardWindowSeconds);
        expect(storedPart(line).split('\t')).toHaveLength(34);
      }),
      { seed: 11, numRuns: 500 },
    );
  });

  it.each([1, 3, 5, 7, 9])(
    'of an earlier version, %s columns shorter, are read and stored as decisions without them',
    (less) => {
      const [base] = fc.sample(record, { seed: 2, numRuns: 1 }) as [DecisionRecord];
      const { slice: _s, shadow: _h, parentId: _p, jointPropensity: _j, ...rest } = base;
      const { withheld: _w, withholdPropensity: _q, featureVersion: _v, audit: _a, ...later } = rest;
      const { askedMark: _m, ...plain } = later;
      const today = encodeDecision(plain);
      const earlier = today.replace(`${'\t\\N'.repeat(less)}\n`, '\n');
      expect(earlier).not.toBe(today);
      expect(decodeDecision(earlier)).toEqual(decodeDecision(today));
      expect(storedPart(earlier)).toBe(storedPart(today));
    },
  );

  it.each(['', 'torn', '\0\0\0'])(
    'leave a damaged line (%j) in a batch for the database to refuse',
    (damaged) => {
      const [one] = fc.sample(record, { seed: 3, numRuns: 1 }) as [DecisionRecord];
      const line = encodeDecision({ ...one, rewardWindowSeconds: null });
      const stored = storedPart(line);
      for (const at of [0, 1, 2]) {
        const [lines, parts] = [
          [line, line],
          [stored, stored],
        ];
        lines.splice(at, 0, `${damaged}\n`);
        parts.splice(at, 0, `${damaged}\n`);
        expect(readDecisions(lines.join(''))).toMatchObject({ count: 3, stored: parts.join('') });
      }
    },
  );

  it('write a shared list of candidates anew when its probabilities change', () => {
    const candidates = Object.freeze(['a', 'b']);
    const [base] = fc.sample(record, { seed: 1, numRuns: 1 }) as [DecisionRecord];
    const probabilitiesOf = (probabilities: readonly number[]) =>
      decodeDecision(encodeDecision({ ...base, candidates, probabilities })).probabilities;
    expect(probabilitiesOf([0.25, 0.75])).toEqual([0.25, 0.75]);
    expect(probabilitiesOf([0.25, 0.75])).toEqual([0.25, 0.75]);
    expect(probabilitiesOf([0.5, 0.5])).toEqual([0.5, 0.5]);
    expect(probabilitiesOf([0.25, 0.75])).toEqual([0.25, 0.75]);
    expect(probabilitiesOf([1])).toEqual([1]);
  });
});
