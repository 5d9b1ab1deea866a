import { describe, expect, it } from '@jest/globals';
import type { CompiledPolicy } from '#policies';
import type { DecisionRecord } from '../queues/jobs.js';
import { serveTreatments } from './serve-treatments.js';
import type { ServingHooks, ServingState } from './serve-treatments.js';
import { arm, ask, byPolicy, experiment, item, pluginOf, policy, stateOf, surface } from './testing.js';

const NOW = Date.UTC(2026, 10, 21, 12);
const UNITS = 4000;

const choosing = (...p: number[]): CompiledPolicy => ({
  decides: 'action',
  propensity: { kind: 'exact' },
  distribution: () => Float64Array.from(p),
});

/** `front` serves action and slate; `shadow` does what the test wants. */
function world(
  shadow: () => CompiledPolicy,
  slice: 'learning' | 'exploration' | 'analysis' = 'learning',
): ServingState {
  const treatment = { ...byPolicy('front'), slice };
  return stateOf({
    surfaces: [surface('art', 'action', 'artwork'), surface('rows', 'slate', 'artwork')],
    items: ['a', 'b', 'c'].map((id) => item(id, 'artwork')),
    plugins: [pluginOf('front', () => choosing(0.5, 0.3, 0.2)), pluginOf('shadow', shadow)],
    policies: [
      policy('front', 'front', { shadow: { policyId: 'behind', version: null } }),
      policy('behind', 'shadow'),
    ],
    experiments: [
      experiment('x', 'art', [arm('bandit', treatment)]),
      experiment('y', 'rows', [arm('bandit', treatment)], { layerRange: [0, 1] }),
    ],
  });
}

/** A clock that stands still and one id, so that equal requests draw alike. */
const STEADY: ServingHooks = { monotonic: () => 0, newId: () => '01K00000000000000000000000' };

const serve = (state: ServingState, on: string, unit = 'm1', hooks = STEADY): DecisionRecord =>
  serveTreatments(state, ask(unit, on), NOW, hooks).records[0] as DecisionRecord;

describe('a shadow', () => {
  it('is asked about every decision, and its answer is recorded with both probabilities', () => {
    const state = world(() => choosing(0.1, 0.1, 0.8));
    let agreed = 0;
    let ratio = 0;
    for (let unit = 0; unit < UNITS; unit++) {
      const { chosen, propensity, shadow } = serve(state, 'art', `m${unit}`);
      expect(shadow).toMatchObject({
        policyId: 'behind',
        version: 0,
        servedPropensity: chosen === 'c' ? 0.8 : 0.1,
      });
      expect(shadow?.propensity).toBe(shadow?.chosen === 'c' ? 0.8 : 0.1);
      expect(shadow?.agrees).toBe(shadow?.chosen === chosen);
      if (shadow?.agrees) agreed += 1;
      ratio += (shadow?.servedPropensity ?? NaN) / propensity;
    }
    // It draws for itself: .5 * .1 + .3 * .1 + .2 * .8 = .24; and the weights of the two average 1.
    expect(Math.abs(agreed / UNITS - 0.24)).toBeLessThan(4 * Math.sqrt((0.24 * 0.76) / UNITS));
    expect(Math.abs(ratio / UNITS - 1)).toBeLessThan(4 * Math.sqrt(2.253 / UNITS));
  });

  it('gives the served slate the probability that it would have served it with', () => {
    const { chosen, shadow } = serve(
      world(() => choosing(0.2, 0.3, 0.5)),
      'rows',
    );
    const p: Record<string, number> = { a: 0.2, b: 0.3, c: 0.5 };
    const [first, second] = (chosen as { id: string }[]).map(({ id }) => p[id] as number) as [number, number];
    expect(shadow?.servedPropensity).toBeCloseTo(first * (second / (1 - first)), 12);
    expect(shadow?.chosen).toHaveLength(3);
  });

  it('cannot hurt: what it throws, breaks or forgets is written down and the same is served', () => {
    const plain = serve(
      world(() => choosing(0.1, 0.1, 0.8)),
      'art',
    );
    const broken: (() => CompiledPolicy)[] = [
      () => ({
        ...choosing(1, 0, 0),
        distribution: () => {
          throw new Error('the shadow is unwell');
        },
      }),
      () => choosing(NaN, 0.5, 0.5),
      () => choosing(0, 0, 0),
    ];
    for (const shadow of broken) {
      const record = serve(world(shadow), 'art');
      expect(record).toMatchObject({
        chosen: plain.chosen,
        propensity: plain.propensity,
        fallback: null,
        reason: 'POLICY',
      });
      expect(typeof record.shadow?.failed).toBe('string');
      expect(record.shadow?.servedPropensity).toBeUndefined();
    }
  });

  it('is left alone once it was slow, and its time is not the time of the answer', () => {
    let clock = 0;
    let asked = 0;
    const state = world(() => ({
      ...choosing(1, 0, 0),
      distribution: () => {
        asked += 1;
        clock += 60;
        return Float64Array.of(1, 0, 0);
      },
    }));
    const hooks: ServingHooks = { ...STEADY, monotonic: () => clock };
    const first = serve(state, 'art', 'm1', hooks);
    expect(first.shadow).toMatchObject({ chosen: 'a' });
    expect(first.latencyMicros).toBe(0);
    expect(serve(state, 'art', 'm2', hooks).shadow).toEqual({
      policyId: 'behind',
      version: 0,
      failed: 'too slow lately',
    });
    expect(asked).toBe(1);
    clock += 300_000;
    expect(serve(state, 'art', 'm3', hooks).shadow).toMatchObject({ chosen: 'a' });
  });
});

describe('slices', () => {
  it('draw uniformly for exploration whatever the policy believes, and say what they are', () => {
    const state = world(() => choosing(1, 0, 0), 'exploration');
    const counts = new Map<unknown, number>();
    for (let unit = 0; unit < 3000; unit++) {
      const record = serve(state, 'art', `m${unit}`);
      expect(record).toMatchObject({
        slice: 'exploration',
        policyId: 'front',
        propensity: 1 / 3,
        rewardWindowSeconds: 60,
      });
      counts.set(record.chosen, (counts.get(record.chosen) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(667));
    expect(serve(state, 'rows').propensity).toBeCloseTo(1 / 6, 12);
  });

  it('leave the policy to itself in the analysis slice, and no trace where there is none', () => {
    expect(
      serve(
        world(() => choosing(1, 0, 0), 'analysis'),
        'art',
      ),
    ).toMatchObject({ slice: 'analysis', probabilities: [0.5, 0.3, 0.2] });
    expect(
      'slice' in
        serve(
          world(() => choosing(1, 0, 0)),
          'art',
        ),
    ).toBe(false);
  });
});
