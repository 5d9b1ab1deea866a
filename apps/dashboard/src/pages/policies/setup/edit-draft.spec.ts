import { describe, expect, it } from '@jest/globals';
import type { Catalog } from '../../../api/types.js';
import { CATALOG } from '../../../../test/fixtures/catalog.js';
import { POLICIES } from '../../../../test/fixtures/policies.js';
import { editDraft, patchOf } from './edit-draft.js';

const catalog = CATALOG as Catalog;
const policy = {
  ...POLICIES[0]!,
  params: { priorSuccesses: 2, wrappers: [{ key: 'holdback', params: { share: 0.02 } }] },
  reward: {
    outcomes: [
      { name: 'watch', value: 'one' as const, min: 120, of: 'item' as const },
      { name: 'complete', value: 'one' as const, scale: 2 },
    ],
    combine: 'max' as const,
    signals: {
      skips: { outcomes: [{ name: 'skip', value: 'one' as const, min: 3 }], combine: 'any' as const },
    },
    incremental: { by: ['device'] },
  },
  windowSeconds: 5000,
  withhold: { share: 0.025, steadyFor: 'day' },
};

describe('the draft of an existing policy', () => {
  it('changes nothing by itself, of no policy', () => {
    for (const one of [policy, ...POLICIES])
      expect(patchOf(one, editDraft(one, catalog), catalog)).toEqual({});
  });

  it('sends what changed, with everything that its fields do not show', () => {
    const draft = editDraft(policy, catalog);
    expect(patchOf(policy, { ...draft, windowSeconds: 86_400, wrappers: [] }, catalog)).toEqual({
      params: { wrappers: null },
      windowSeconds: 86_400,
    });
    const [signal] = draft.signals;
    expect(patchOf(policy, { ...draft, signals: [{ ...signal!, name: 'costs' }] }, catalog)).toEqual({
      reward: { ...policy.reward, signals: { costs: policy.reward.signals.skips } },
    });
    expect(
      patchOf(policy, { ...draft, withheldPercent: 0, incremental: false, shadow: '' }, catalog),
    ).toEqual({
      reward: {
        outcomes: policy.reward.outcomes,
        combine: 'max',
        signals: policy.reward.signals,
      },
      withhold: null,
      shadow: null,
    });
  });
});
