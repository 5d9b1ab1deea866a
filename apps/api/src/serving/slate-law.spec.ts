import { describe, expect, it } from '@jest/globals';
import { compileExploration } from '#policies';
import type { CompiledPolicy } from '#policies';
import type { Answering } from './answering.js';
import { slateLawOf } from './slate-law.js';

const WEIGHTS = [1, 2, 3];
const request = {
  unitId: 'm',
  context: {},
  subject: null,
  at: 0,
  actions: ['a', 'b', 'c'].map((id) => ({ id, features: {} })),
};
const ranker: CompiledPolicy = { decides: 'slate', scores: () => Float64Array.from(WEIGHTS, Math.log) };

const answers = (floor: number): Answering => {
  const exploration = { key: 'plackett-luce', params: { temperature: 1 } };
  const config = { id: 'p', key: 'p', params: {}, exploration, floor, rewardWindowSeconds: null };
  const compiled = compileExploration(exploration.key, exploration.params);
  return { policy: { config, compiled: ranker, exploration: compiled } } as unknown as Answering;
};

describe('the law of a slate', () => {
  it('is conditional, joint and marginal, as computed by hand for weights 1, 2 and 3', () => {
    // P(i second) is the sum over first j of w_j / 6 times w_i / (6 - w_j).
    const second = WEIGHTS.map((w, i) =>
      WEIGHTS.reduce((sum, v, j) => (i === j ? sum : sum + ((v / 6) * w) / (6 - v)), 0),
    );
    const law = slateLawOf(answers(0), request, ['c', 'a']);
    expect(law?.method).toBe('quadrature');
    const [c, a] = law?.places ?? [];
    expect(c).toMatchObject({ id: 'c', conditional: 0.5, prefix: 0.5, marginal: expect.closeTo(0.5, 9) });
    expect(a?.conditional).toBeCloseTo(1 / 3, 12);
    expect(a?.prefix).toBeCloseTo(1 / 6, 12);
    expect(a?.marginal).toBeCloseTo(second[0] as number, 9);
    expect(a?.inSlate).toBeCloseTo(1 / 6 + (second[0] as number), 9);
    // A floor of its own is added up over the sets above; what is no candidate has no law.
    expect(slateLawOf(answers(0.1), request, ['c', 'a'])).toMatchObject({
      method: 'subsets',
      places: [{ conditional: expect.closeTo(0.1 + 0.7 * 0.5, 12) }, {}],
    });
    expect(slateLawOf(answers(0), request, ['x'])).toBeNull();
  });
});
