import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ago,
  bytes,
  compact,
  conditionSentence,
  count,
  decimal,
  difference,
  differenceRange,
  direction,
  duration,
  humanise,
  level,
  lift,
  micros,
  pValue,
  percent,
  probability,
  range,
  significant,
  whyCode,
} from './index.js';

describe('format', () => {
  it.each([
    [count(12345), '12,345'],
    [compact(1_240_000), '1.2M'],
    [decimal(0.04123), '0.0412'],
    [percent(0.1234), '12.3%'],
    [percent(-0.00001), '0.0%'],
    [probability(0.00002), '< 0.01%'],
    [probability(0.18), '18.0%'],
    [lift(0.0412), '+4.12%'],
    [lift(-0.131), '−13.1%'],
    [lift(0), '0.00%'],
    [pValue(0.0002), '< 0.001'],
    [pValue(0.034), '0.034'],
    [significant(0.001), '0.001'],
    [significant(21), '21'],
    [bytes(412_000_000), '412.0 MB'],
    [level(0.2143, 'share'), '21.43%'],
    [level(184.2, 'minutes'), '184 min'],
    [difference(0.0088, 'share'), '+0.88 pp'],
    [
      differenceRange({ lower: -0.004, upper: 0.0136, level: 0.95, kind: 'always-valid' }, 'share'),
      '−0.40 to +1.36 pp',
    ],
    [range({ lower: null, upper: 0.1 }, lift), 'up to +10.0%'],
    [range({ lower: null, upper: null }, lift), 'unbounded'],
    [duration(0.4), '0.4 s'],
    [duration(5400), '2 h'],
    [micros(1840), '1.8 ms'],
    [ago(new Date(1_000_000).toISOString(), 1_000_000 + 90_000), '2 min ago'],
    [humanise('training_run.promoted'), 'Training run promoted'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected);
  });

  it('shows a dash for what is missing and never NaN or infinity', () => {
    const formatters = [
      count,
      compact,
      decimal,
      percent,
      probability,
      lift,
      pValue,
      significant,
      bytes,
      duration,
      micros,
    ];
    const anything = fc.oneof(fc.double(), fc.constantFrom(null, undefined, NaN, Infinity, -Infinity));
    fc.assert(
      fc.property(anything, (value) => {
        for (const format of formatters) {
          expect(format(value)).not.toMatch(/NaN|Infinity|∞|undefined|null/);
          if (value === null || value === undefined || !Number.isFinite(value))
            expect(format(value)).toBe('—');
        }
      }),
    );
  });

  it('reads a direction only from the whole interval and what counts as better', () => {
    const effect = (lower: number | null, upper: number | null) => ({
      status: 'ok' as const,
      reason: null,
      estimate: 0.1,
      interval: { lower, upper, level: 0.95, kind: 'confidence' as const },
    });
    expect(direction(effect(0.01, 0.2), 'higher')).toBe('better');
    expect(direction(effect(0.01, null), 'lower')).toBe('worse');
    expect(direction(effect(-0.2, -0.01), 'lower')).toBe('better');
    expect(direction(effect(-0.1, 0.2), 'higher')).toBe('unclear');
    expect(direction(effect(null, null), 'higher')).toBe('unclear');
    expect(direction({ ...effect(0, 0), interval: null }, 'higher')).toBe('unclear');
  });

  it('says targeting in words', () => {
    expect(conditionSentence(null)).toBe('Everyone');
    expect(
      conditionSentence({
        all: [
          { attribute: 'country', op: 'in', value: ['DE', 'FR'] },
          {
            any: [
              { attribute: 'device', op: 'eq', value: 'tv' },
              { not: { attribute: 'plan', op: 'exists' } },
            ],
          },
        ],
      }),
    ).toBe('country is one of DE, FR and (device is tv or not (plan is known))');
  });

  it('says why an effect is missing in words, also for a code that it does not know', () => {
    expect(whyCode('zero_variance')).toBe('The values do not vary');
    expect(whyCode('some_new_code')).toBe('some new code');
  });
});
