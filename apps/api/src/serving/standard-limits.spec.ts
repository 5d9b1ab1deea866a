import { describe, expect, it } from '@jest/globals';
import type { Context, Json } from '#experiments';
import { serveTreatments } from './serve-treatments.js';
import type { ServingState } from './serve-treatments.js';
import { arm, ask, byPolicy, experiment, item, policy, stateOf, surface, value } from './testing.js';
import type { World } from './testing.js';

const NOW = Date.UTC(2026, 10, 21, 12);
const TITLES = [
  item('adult', 'title', null, { maturity: 18 }),
  item('later', 'title', null, { availableFrom: '2027-01-01T00:00:00Z' }),
  item('abroad', 'title', null, { countries: ['US'] }),
  item('family', 'title', null, { maturity: 6 }),
  item('all', 'title'),
];
const SURFACES = [surface('row', 'slate', 'title'), surface('hero', 'action', 'title')];
const CHILD: Context = { maturityLimit: 7, country: 'FR' };
const OPEN = ['family', 'all'];

/** Ids that are shown on a surface, and the record. */
function shown(state: ServingState, on: string, context: Context = CHILD) {
  const { treatments, records } = serveTreatments(state, { ...ask('m1', on), context }, NOW);
  const [treatment] = treatments;
  const ids = treatment?.slate?.map(({ id }) => id) ?? [treatment?.action];
  return { ids, reason: treatment?.reason, record: records[0] };
}

const world = (rest: World = {}): ServingState => stateOf({ surfaces: SURFACES, items: TITLES, ...rest });
const fixed = (on: string, given: Json): World => ({
  experiments: [experiment(on, on, [arm('control', value(given))])],
});

describe('where no policy decides', () => {
  it.each<[string, World]>([
    ['the default order', {}],
    ['the kill switch', { killSwitch: true }],
    ['a fixed arm that lists them', fixed('row', ['adult', 'later', 'abroad'])],
    [
      'a policy without a snapshot',
      {
        policies: [policy('p', 'implicit-als')],
        experiments: [experiment('x', 'row', [arm('control', byPolicy('p'))])],
      },
    ],
  ])('a child is shown no adult title by %s, nor what is not available or not licensed', (_by, rest) => {
    const state = world(rest);
    expect(shown(state, 'row').ids.sort()).toEqual([...OPEN].sort());
    expect(shown(state, 'hero').ids).toEqual(['family']);
    // Nobody who sent no limit loses anything but what is not there.
    expect(shown(state, 'row', { country: 'US' }).ids.sort()).toEqual(['abroad', 'adult', 'all', 'family']);
  });

  it('a forbidden title of a fixed arm is replaced, and the record says why', () => {
    const state = world(fixed('hero', 'adult'));
    expect(shown(state, 'hero')).toMatchObject({
      ids: ['family'],
      reason: 'FALLBACK_INVALID',
      record: { fallback: "the arm's action may not be shown to this unit", probabilities: [0, 0, 0, 1, 0] },
    });
    expect(shown(state, 'hero', { country: 'FR' })).toMatchObject({ ids: ['adult'], reason: 'SPLIT' });
  });

  it('limits that a policy of the surface has under other names hold for its fixed arms too, and nothing open is nothing', () => {
    const params = {
      wrappers: [{ key: 'hard-filters', params: { maturity: 'age', maturityLimit: 'limit' } }],
    };
    const arms = [arm('control', value(['old', 'young'])), arm('p', byPolicy('p'), 0)];
    const state = stateOf({
      surfaces: SURFACES,
      items: [item('old', 'title', null, { age: 16 }), item('young', 'title', null, { age: 3 })],
      policies: [policy('p', 'most-popular', { params })],
      experiments: [experiment('x', 'row', arms)],
    });
    expect(shown(state, 'row', { limit: 5 }).ids).toEqual(['young']);
    expect(shown(state, 'row', { limit: 1 }).ids).toEqual([]);
    expect(shown(world(), 'hero', { maturityLimit: 7 }).ids).toEqual(['family']);
    const none = stateOf({ surfaces: SURFACES, items: TITLES.slice(0, 1) });
    expect(shown(none, 'hero')).toMatchObject({ ids: [null], reason: 'NO_CANDIDATES' });
  });
});
