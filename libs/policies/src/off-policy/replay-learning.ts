import type { LoggedRows } from './contract.js';

/** A policy that learns while it is replayed. */
export interface LearningPlayer {
  /** The action it would serve on this row, given what it has learned so far. */
  choose(row: number): number;
  learn(row: number, action: number, reward: number): void;
}

export interface ReplayOutcome {
  readonly matched: number;
  /** Sum of the rewards of the matched rows. */
  readonly reward: number;
  /** Mean of them; null when no row matched. */
  readonly value: number | null;
  /** Share of the rows that matched. */
  readonly acceptance: number;
}

/**
 * Plays a learning policy against a uniformly random log (Li et al. 2011): rows on which it agrees with the log are
 * its history, the others did not happen. The value it reaches is that of as many live rounds as rows matched.
 */
export function replayLearning(
  rows: Pick<LoggedRows, 'action' | 'reward'>,
  player: LearningPlayer,
): ReplayOutcome {
  let matched = 0;
  let reward = 0;
  const n = rows.action.length;
  for (let i = 0; i < n; i++) {
    const action = player.choose(i);
    if (action !== rows.action[i]) continue;
    const earned = rows.reward[i] as number;
    matched++;
    reward += earned;
    player.learn(i, action, earned);
  }
  return { matched, reward, value: matched > 0 ? reward / matched : null, acceptance: matched / n };
}
