import { describe, expect, it } from '@jest/globals';
import type { Context } from '#experiments';
import type { Ranker } from '#policies';
import { reasonsFor } from './reasons.js';

describe('reasons by ablation', () => {
  /** Scores by the length of the history, and by steps that were skipped, where the list has an entry for each. */
  const ranker: Ranker = {
    decides: 'slate',
    scores: ({ context: { history = [], historyActions = [] } }) => {
      const [items, actions] = [history as readonly string[], historyActions as readonly string[]];
      const fits = actions.length === items.length;
      const value = items.length - (fits ? 10 * actions.filter((one) => one === 'skip').length : 0);
      return Float64Array.of(value);
    },
  };
  const ask = (context: Context) => {
    const actions = [{ id: 't', features: {} }];
    return reasonsFor(ranker, { unitId: 'u', context, actions, subject: null, at: 0 })[0];
  };

  it('leaves an item out of the history and of every list that goes with it, and of no other', () => {
    const history = ['a', 'b', 'c'];
    // Without the skipped one the score is higher: it holds nothing up.
    expect(ask({ history, historyActions: ['play', 'skip', 'play'] })?.map(({ id }) => id)).toEqual([
      'a',
      'c',
    ]);
    // A list of two says nothing of three steps, nor of the two that an ablation leaves.
    expect(ask({ history, historyActions: ['skip', 'play'] })).toEqual(
      history.map((id) => ({ id, drop: 1, share: 1 / 3 })),
    );
    expect(ask({ history: [], historyActions: [] })).toEqual([]);
    expect(ask({})).toEqual([]);
  });
});
