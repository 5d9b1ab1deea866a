import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { compileExploration, policyRegistry, serveAction } from '#policies';
import type { Policy } from '#policies';
import {
  compileAny,
  learnedState,
  requestOf,
  actionsOf,
} from '../../../../libs/policies/src/testing/worlds.js';
import { CategoryTest } from './category-test.js';
import { PropensitySums } from './propensity-sums.js';
import type { LoggedChoice } from './propensity-sums.js';

/** `AUDIT_DRAWS=100000` plays the full length; see docs/reference/benchmarks.md. */
const DRAWS = Number(process.env['AUDIT_DRAWS'] ?? 20_000);
const REQUESTS = [
  requestOf(actionsOf(6), { device: 'tv', kids: false, hour: 0.5 }),
  requestOf(actionsOf(4), { device: 'phone', kids: true, hour: 0.9 }),
  requestOf(actionsOf(9), {}),
];
const FLOOR = 0.002;

/** As many draws from a learned policy as a log of that length holds, with the distributions that were drawn from. */
function draws(
  policy: Policy,
  count: number,
  logged: (choice: LoggedChoice) => LoggedChoice,
): PropensitySums {
  const params = policy.params.parse({});
  const compiled = compileAny(policy, learnedState(policy, params), params);
  const exploration = compileExploration('plackett-luce', { temperature: 0.5 });
  const sums = new PropensitySums();
  const rng = createRng(`audit ${policy.key}`);
  const cases = REQUESTS.map((request) => {
    const { probabilities } = serveAction(compiled, request, exploration, FLOOR, createRng('once'));
    return { candidates: request.actions.map(({ id }) => id), probabilities: Array.from(probabilities) };
  });
  for (let n = 0; n < count; n++) {
    const { candidates, probabilities } = cases[n % cases.length] as (typeof cases)[number];
    let u = rng.uniform();
    let index = 0;
    while (index < candidates.length - 1 && u >= (probabilities[index] as number)) {
      u -= probabilities[index] as number;
      index += 1;
    }
    const propensity = probabilities[index] as number;
    sums.add(
      logged({ candidates, probabilities, chosen: candidates[index] as string, propensity, floor: FLOOR }),
    );
  }
  return sums;
}

describe('the sums of the propensity audit', () => {
  it.each(policyRegistry.list().map((policy) => [policy.key, policy] as const))(
    'do not reject the choices of %s at level .001',
    (_key, policy) => {
      const result = draws(policy, DRAWS, (choice) => choice).result();
      expect(result).toMatchObject({ choices: DRAWS, badSums: 0, belowFloor: 0, mismatched: 0 });
      for (const test of [result.byAction, result.byProbability, result.inverse])
        if (test !== null) expect(test.p).toBeGreaterThan(0.001);
      expect(result.largestWeight).toBeLessThanOrEqual(1 / (4 * FLOOR) + 1e-9);
    },
  );

  it('find choices that do not follow what is logged, though every single record looks right', () => {
    // The distribution of the action list in reverse: sums and floor hold, and the propensity is one of its entries.
    const turned = draws(policyRegistry.get('thompson-beta'), 3000, (choice) => {
      const probabilities = [...choice.probabilities].reverse();
      return {
        ...choice,
        probabilities,
        propensity: probabilities[choice.candidates.indexOf(choice.chosen)] as number,
      };
    }).result();
    expect(turned.mismatched).toBe(0);
    expect(turned.byAction?.p).toBeLessThan(1e-7);
    // A distribution that is flatter than what was drawn from, as if a floor were logged that was not served.
    const flat = draws(policyRegistry.get('thompson-beta'), 20_000, (choice) => {
      const k = choice.candidates.length;
      const probabilities = choice.probabilities.map((p) => 0.9 * p + 0.1 / k);
      return {
        ...choice,
        probabilities,
        propensity: probabilities[choice.candidates.indexOf(choice.chosen)] as number,
      };
    }).result();
    expect(flat.byProbability?.p).toBeLessThan(1e-7);
    expect(flat.inverse?.p).toBeLessThan(1e-7);
  });

  it('find what is no distribution, what is below the floor, and a propensity of something else', () => {
    const sums = new PropensitySums();
    const good = {
      candidates: ['a', 'b'],
      probabilities: [0.75, 0.25],
      chosen: 'a',
      propensity: 0.75,
      floor: 0.1,
    };
    for (const change of [
      {},
      { probabilities: [0.75, 0.2] },
      { probabilities: [NaN, 0.25] },
      { probabilities: [0.75] },
      { probabilities: [0.95, 0.05], propensity: 0.95 },
      { probabilities: [1, 0], propensity: 1 },
      { probabilities: [1, 0], propensity: 1, limited: true },
      { propensity: 0.25 },
      { chosen: 'c' },
    ])
      sums.add({ ...good, ...change });
    expect(sums.result()).toMatchObject({ choices: 9, badSums: 3, belowFloor: 2, mismatched: 2 });
  });
});

describe('the chi-square of draws with different probabilities', () => {
  it("is Pearson's where all probabilities are equal", () => {
    const test = new CategoryTest(3);
    const q = new Map([
      [0, 0.5],
      [1, 0.3],
      [2, 0.2],
    ]);
    const counts = [60, 25, 15];
    counts.forEach((count, i) => {
      for (let n = 0; n < count; n++) test.add(q, i);
    });
    // (60 - 50)^2 / 50 + (25 - 30)^2 / 30 + (15 - 20)^2 / 20 = 4.08333; exp(-x / 2) is the tail at two degrees.
    const statistic = 100 / 50 + 25 / 30 + 25 / 20;
    expect(test.result()?.statistic).toBeCloseTo(statistic, 9);
    expect(test.result()?.degreesOfFreedom).toBe(2);
    expect(test.result()?.p).toBeCloseTo(Math.exp(-statistic / 2), 9);
  });
});
