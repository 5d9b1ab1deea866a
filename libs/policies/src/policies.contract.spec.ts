import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { explorationRegistry, policyRegistry, serveSlate } from './index.js';
import { linearThompson } from './bandits/linear-thompson.js';
import type { Policy } from './contract.js';
import { describePolicyContract } from './testing/policy.contract.js';
import { actionsOf, requestOf } from './testing/worlds.js';

/** A registered policy with other parameters as its defaults. */
function variant(policy: Policy, key: string, defaults: object): Policy {
  const parse = (input: unknown): unknown =>
    policy.params.parse({ ...defaults, ...((input ?? {}) as object) });
  return { ...policy, key, params: { jsonSchema: policy.params.jsonSchema, parse } };
}

for (const policy of policyRegistry.list()) describePolicyContract(policy);
describePolicyContract(variant(linearThompson as Policy, 'linear-thompson-shared', { sharing: 'shared' }));
describePolicyContract(
  variant(linearThompson as Policy, 'linear-thompson-disjoint', { sharing: 'disjoint' }),
);
describePolicyContract(variant(linearThompson as Policy, 'linear-thompson-fading', { halfLifeDays: 0.5 }));

describe.each(explorationRegistry.list().map((exploration) => [exploration.key, exploration] as const))(
  'exploration %s',
  (_key, exploration) => {
    const compiled = exploration.compile(exploration.params.parse({}));
    const cases: [string, Float64Array][] = [
      ['different scores', Float64Array.of(0.3, 0.9, 0.1, 0.5)],
      ['equal scores', new Float64Array(5)],
      ['scores far apart', Float64Array.of(-1e9, 1e9, 0, 1e-9)],
      ['one action', Float64Array.of(3)],
      ['a thousand', Float64Array.from({ length: 1000 }, (_, i) => Math.sin(i))],
    ];
    it.each(cases)('gives every slot a distribution over what is left: %s', (_name, scores) => {
      const ranker = { decides: 'slate', scores: () => scores } as const;
      const request = requestOf(actionsOf(scores.length));
      // serveSlate checks every slot: finite, not negative, nothing twice, sum 1.
      const { items } = serveSlate(ranker, request, scores.length, compiled, 0, createRng('slots'));
      expect(items.map((item) => item.index).sort((a, b) => a - b)).toEqual(
        actionsOf(scores.length).map((_, i) => i),
      );
      expect(items.every((item) => item.propensity > 0 && item.propensity <= 1)).toBe(true);
    });
  },
);
