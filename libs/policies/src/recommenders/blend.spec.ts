import { describe, expect, it } from '@jest/globals';
import { createRng, DomainError } from '#experiments';
import type { RecommenderPolicy } from '../contract.js';
import { randomHistory } from '../testing/dense.js';
import { actionsOf, requestOf } from '../testing/worlds.js';
import { blendOf } from './blend.js';
import { ease } from './ease.js';
import { markovKnn } from './markov-knn.js';
import { sequence } from './sequence.js';

const ITEMS = 14;
const data = randomHistory(40, ITEMS, 'blend');
const blend = blendOf([ease as RecommenderPolicy, markovKnn as RecommenderPolicy]);
const history = ['a2', 'a5'];

function scoresOf(policy: unknown, input: object, ids: readonly string[]): number[] {
  const { compile, fit, params: schema } = policy as RecommenderPolicy;
  const params = schema.parse(input);
  const compiled = compile(
    fit(data, params, createRng('fit'), () => undefined),
    params,
  );
  if (compiled.decides !== 'slate') throw new Error('a ranker was expected');
  return [
    ...compiled.scores(
      requestOf(
        ids.map((id) => ({ id, features: {} })),
        { history },
      ),
    ),
  ];
}

const everything = actionsOf(ITEMS).map(({ id }) => id);

describe('blend', () => {
  it('adds up what its parts say, standardised over the catalogue', () => {
    const standardised = [scoresOf(ease, { lambda: 7 }, everything), scoresOf(markovKnn, {}, everything)].map(
      (scores) => {
        const mean = scores.reduce((sum, value) => sum + value, 0) / ITEMS;
        const sd = Math.sqrt(scores.reduce((sum, value) => sum + (value - mean) ** 2, 0) / ITEMS);
        return scores.map((value) => (value - mean) / sd);
      },
    );
    const params = {
      parts: [
        { key: 'ease', weight: 0.5, params: { lambda: 7 } },
        { key: 'markov-knn', weight: 2 },
      ],
    };
    const blended = scoresOf(blend, params, everything);
    blended.forEach((score, i) => {
      const [a, b] = standardised.map((scores) => scores[i] as number) as [number, number];
      expect(score).toBeCloseTo(0.5 * a + 2 * b, 9);
    });
    // What a title is worth does not depend on the others that are asked for.
    expect(scoresOf(blend, params, ['a3'])[0]).toBeCloseTo(blended[3] as number, 12);
  });

  it('reads in training what its parts read', () => {
    const reading = blendOf([ease as RecommenderPolicy, sequence as RecommenderPolicy]);
    const needs = (...keys: string[]) =>
      reading.needs?.(reading.params.parse({ parts: keys.map((key) => ({ key })) }));
    expect(needs('ease')).toMatchObject({ signals: false });
    expect(needs('ease', 'sequence')).toMatchObject({ signals: true, contexts: false, tasks: [] });
  });

  it.each([
    [{ parts: [] }, '/parts'],
    [{ parts: [{ key: 'blend' }] }, '/parts/0/key'],
    [{ parts: [{ key: 'ease' }, { key: 'ease', params: { lambda: -1 } }] }, '/parts/1/params/lambda'],
    [{ parts: [{ key: 'ease', params: { nothing: 1 } }] }, '/parts/0/params'],
  ])('says what is wrong in %j', (input, pointer) => {
    let error: unknown;
    try {
      blend.params.parse(input);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(DomainError);
    expect((error as DomainError).pointer).toBe(pointer);
  });

  it('refuses a state whose parts are not those of its parameters', () => {
    const state = blend.fit(data, blend.params.parse({}), createRng('fit'), () => undefined);
    const other = blend.params.parse({ parts: [{ key: 'markov-knn' }] });
    expect(() => blend.compile(state, other)).toThrow(/parts/);
  });
});
