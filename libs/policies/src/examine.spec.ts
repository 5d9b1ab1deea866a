import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { compileExploration } from './exploration/index.js';
import { examineRequest, limitedBy, policyRegistry, propensityOfSlate, serveSlate } from './index.js';
import type { CompiledPolicy, DecisionRequest } from './index.js';

const request: DecisionRequest = {
  unitId: 'u',
  context: {},
  subject: null,
  at: 0,
  actions: ['a', 'b', 'c', 'd'].map((id) => ({ id, features: {} })),
};
const ranker = (scores: readonly number[], open?: readonly number[]): CompiledPolicy => ({
  decides: 'slate',
  scores: () => Float64Array.from(scores),
  ...(open && { eligible: () => Uint8Array.from(open) }),
});
const softmax = compileExploration('plackett-luce', { temperature: 1 });

describe('what leads to a probability', () => {
  it('parts a wrapped policy into its own choice, its wrappers and the floor', () => {
    const policy = policyRegistry.get('uniform-random');
    const compile = (params: unknown): CompiledPolicy =>
      policy.compile(null as never, policy.params.parse(params));
    const worn = compile({ wrappers: [{ key: 'retired', params: { actions: ['d'] } }] });
    const found = examineRequest(worn, compile({}), request, softmax, 0.1);
    expect([...(found.own as Float64Array)]).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect([...found.eligible]).toEqual([1, 1, 1, 0]);
    const params = { wrappers: [{ key: 'retired', params: { actions: ['d'] } }] };
    expect(limitedBy(policy.params.parse(params), request)).toEqual([[], [], [], ['retired']]);
    expect(limitedBy({}, request)).toEqual([[], [], [], []]);
    for (const stage of [found.explored, found.served]) {
      [1 / 3, 1 / 3, 1 / 3, 0].forEach((p, i) => expect(stage[i]).toBeCloseTo(p, 12));
    }
  });

  it('shows a ranker by scores, exploration and the additive floor', () => {
    const scores = [2, 1, 0, -1];
    const found = examineRequest(ranker(scores), ranker(scores), request, softmax, 0.05);
    expect(found.own).toBeNull();
    expect([...(found.scores as Float64Array)]).toEqual(scores);
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    scores.forEach((score, i) => {
      const p = Math.exp(score) / total;
      expect(found.explored[i]).toBeCloseTo(p, 12);
      expect(found.served[i]).toBeCloseTo(0.05 + 0.8 * p, 12);
    });
  });

  it('gives a slate the probability with which it is drawn, to the bit, and all slates together 1', () => {
    const compiled = ranker([2, 1, 0, -1]);
    for (let seed = 0; seed < 50; seed++) {
      const drawn = serveSlate(compiled, request, 3, softmax, 0.02, createRng(`slate ${seed}`));
      const order = drawn.items.map(({ index }) => index);
      expect(propensityOfSlate(compiled, request, order, softmax, 0.02).propensity).toBe(drawn.propensity);
    }
    let sum = 0;
    for (const a of [0, 1, 2, 3]) {
      for (const b of [0, 1, 2, 3]) {
        if (a !== b) sum += propensityOfSlate(compiled, request, [a, b], softmax, 0).propensity;
      }
    }
    expect(sum).toBeCloseTo(1, 12);
    // Plackett-Luce by hand: e^1 / sum, then e^2 / (sum - e^1).
    const total = Math.exp(2) + Math.exp(1) + 1 + Math.exp(-1);
    expect(propensityOfSlate(compiled, request, [1, 0], softmax, 0).propensity).toBeCloseTo(
      (Math.exp(1) / total) * (Math.exp(2) / (total - Math.exp(1))),
      12,
    );
  });

  it('gives 0 to a slate with an action that may not be served, or longer than what may', () => {
    const compiled = ranker([2, 1, 0, -1], [1, 1, 0, 0]);
    expect(propensityOfSlate(compiled, request, [0, 2], softmax, 0.1).propensity).toBe(0);
    expect(propensityOfSlate(compiled, request, [0, 1, 2], softmax, 0.1).propensity).toBe(0);
    expect(propensityOfSlate(compiled, request, [0, 1], softmax, 0).propensity).toBeGreaterThan(0.7);
  });
});
