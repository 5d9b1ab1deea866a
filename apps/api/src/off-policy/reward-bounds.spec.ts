import { describe, expect, it } from '@jest/globals';
import { rewardSchema } from '../policies/reward.js';
import { rewardRangeOf, silenceOf } from './reward-bounds.js';

const rangeOf = (definition: object) => rewardRangeOf(rewardSchema.parse(definition));
const play = { name: 'play' };

describe('what a reward definition allows', () => {
  it.each([
    [{ outcomes: [play], combine: 'any' }, [0, 1]],
    [{ outcomes: [play], combine: 'any', default: 0.2 }, [0.2, 1]],
    [{ outcomes: [play, { name: 'quit', scale: -2 }], combine: 'max' }, [-2, 1]],
    [{ outcomes: [play], combine: 'sum' }, null],
    [{ outcomes: [play], combine: 'sum', max: 5 }, [0, 5]],
    [{ outcomes: [{ name: 'watch', value: 'value' }] }, null],
    [{ outcomes: [{ name: 'watch', value: 'value', min: 1, max: 4, scale: 0.5 }] }, [0, 2]],
    [{ outcomes: [{ name: 'watch', value: 'value' }], min: -1, max: 1 }, [-1, 1]],
    [{ outcomes: [play], incremental: {} }, null],
  ])('%j: %j', (definition, range) => expect(rangeOf(definition)).toEqual(range));

  it('knows what no outcome is worth', () => {
    expect(silenceOf(rewardSchema.parse({ outcomes: [play], default: -3, min: -1 }))).toBe(-1);
    expect(silenceOf(rewardSchema.parse({ outcomes: [play] }))).toBe(0);
  });
});
