import { describe, expect, it } from '@jest/globals';
import type { OffPolicyRun } from '../../api/off-policy.js';
import type { Policy } from '../../api/types.js';
import { candidateBody } from './candidate-body.js';

describe('a candidate as a policy of its own', () => {
  it('keeps what its reward needs: an incremental one is refused without withheld decisions', () => {
    const policy = {
      id: 'p'.repeat(90),
      title: 'Billboard',
      reward: { outcomes: [{ name: 'play' }], incremental: {} },
      windowSeconds: 3600,
      graceSeconds: 60,
      withhold: { share: 0.03, steadyFor: 'always' },
      learning: true,
    } as unknown as Policy;
    const candidate = {
      key: 'thompson-normal',
      params: { priorMean: 1 },
      exploration: { key: 'greedy' },
      floor: 0.01,
      hash: '5f0c2a9be77d41c3',
    } as unknown as OffPolicyRun['candidate'];
    expect(candidateBody(policy, { candidate })).toEqual({
      id: `${'p'.repeat(80)}-5f0c2a9b`,
      key: 'thompson-normal',
      title: 'Billboard, candidate 5f0c2a9b',
      params: { priorMean: 1 },
      exploration: { key: 'greedy' },
      floor: 0.01,
      reward: policy.reward,
      windowSeconds: 3600,
      graceSeconds: 60,
      withhold: { share: 0.03, steadyFor: 'always' },
      learning: true,
      gateRequired: true,
    });
  });
});
