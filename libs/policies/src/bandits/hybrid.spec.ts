import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Action, RewardedDecision } from '../contract.js';
import { choleskyInPlace, solveCholesky } from '../linear-algebra/cholesky.js';
import { requestOf } from '../testing/worlds.js';
import { learnLinear } from './linear-learn.js';
import { identityLink } from './linear-link.js';
import { compileLinear } from './linear-model.js';
import { initialLinearState } from './linear-state.js';
import { linearThompson } from './linear-thompson.js';

const actions: Action[] = [
  { id: 'a', features: { light: 1, faces: 0.5 } },
  { id: 'b', features: { light: -1, faces: 2 } },
  { id: 'c', features: { light: 0.3, faces: -1 } },
];
const RIDGE = 0.7;
const OWN_RIDGE = 3;

/** Few enough that the prior is renewed with every decision: what is learned is then exact at every moment. */
function decisions(count: number): RewardedDecision[] {
  const rng = createRng('hybrid');
  return Array.from({ length: count }, (_, n) => ({
    decisionId: `d${n}`,
    unitId: 'u',
    subject: null,
    context: { hour: rng.normal(), kids: rng.uniform() < 0.5 },
    // The third action is never played.
    action: actions[n % 2] as Action,
    position: 0,
    propensity: 0.5,
    reward: rng.normal(),
    at: 1000 + n,
  }));
}

type Sample = Pick<RewardedDecision, 'context' | 'action'>;

/** The row of one decision in the whole model: [1, light, faces] (x) [1, hour, kids], then own weights of a, b, c. */
function wholeRow({ context, action }: Sample): Float64Array {
  const x = [1, context['hour'] as number, context['kids'] === true ? 1 : 0];
  const y = [1, action.features['light'] as number, action.features['faces'] as number];
  const own = actions.flatMap((other) => x.map((v) => (other.id === action.id ? v : 0)));
  return Float64Array.from([...y.flatMap((yj) => x.map((xi) => yj * xi)), ...own]);
}

/** Ridge regression of everything at once: mean and variance of one score, by definition. */
function wholeRegression(
  rows: RewardedDecision[],
  base: number,
  sample: Sample,
): [mean: number, variance: number] {
  const n = 18;
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) a[i * n + i] = i < 9 ? RIDGE : OWN_RIDGE;
  const b = new Float64Array(n);
  for (const row of rows) {
    const f = wholeRow(row);
    for (let i = 0; i < n; i++) {
      b[i] = (b[i] as number) + (f[i] as number) * (row.reward - base);
      for (let j = 0; j < n; j++)
        a[i * n + j] = (a[i * n + j] as number) + (f[i] as number) * (f[j] as number);
    }
  }
  choleskyInPlace(a, n);
  solveCholesky(a, n, b);
  const f = wholeRow(sample);
  const spread = f.slice();
  solveCholesky(a, n, spread);
  const product = (other: Float64Array): number => f.reduce((sum, v, i) => sum + v * (other[i] as number), 0);
  return [base + product(b), product(spread)];
}

describe('the hybrid model', () => {
  it('is the ridge regression on shared and own weights together', () => {
    const rows = decisions(9);
    const params = linearThompson.params.parse({
      sharing: 'hybrid',
      ridge: RIDGE,
      ownRidge: OWN_RIDGE,
    });
    const state = learnLinear(initialLinearState(), rows, params, identityLink);
    const context = { hour: 0.4, kids: true };
    const { mean, sd } = compileLinear(state, params).posterior(requestOf(actions, context));
    const base = rows.reduce((sum, row) => sum + row.reward, 0) / rows.length;
    actions.forEach((action, i) => {
      const [wholeMean, wholeVariance] = wholeRegression(rows, base, { context, action });
      expect(mean[i]).toBeCloseTo(wholeMean, 10);
      expect((sd[i] as number) ** 2).toBeCloseTo(wholeVariance, 10);
    });
  });

  it('gives the same bits whether learned at once, in pieces, or resumed from a snapshot', () => {
    const rows = decisions(300);
    const params = linearThompson.params.parse({ sharing: 'hybrid' });
    const text = (state: Parameters<typeof linearThompson.encode>[0]): string =>
      JSON.stringify(linearThompson.encode(state));
    const whole = linearThompson.update(linearThompson.initialState(params), rows, params);
    let resumed = linearThompson.initialState(params);
    for (let n = 0; n < rows.length; n += 7) {
      resumed = linearThompson.update(resumed, rows.slice(n, n + 7), params);
      resumed = linearThompson.decode(linearThompson.encode(resumed));
    }
    expect(text(resumed)).toBe(text(whole));
  });
});
