import { canonicalJson } from '../persistence/canonical.js';
import type { Json } from '#experiments';
import { rewardSchema } from '../policies/reward.js';
import type { RewardDefinition } from '../policies/reward.js';

/** A reward that is ready to be used: definition and attribution window belong together. */
export interface RewardPreset {
  readonly key: string;
  readonly title: string;
  readonly summary: string;
  readonly reward: RewardDefinition;
  readonly windowSeconds: number;
}

const HOUR = 3600;
const DAY = 24 * HOUR;

const preset = (
  key: string,
  title: string,
  summary: string,
  windowSeconds: number,
  reward: object,
): RewardPreset => ({
  key,
  title,
  summary,
  reward: rewardSchema.parse(reward),
  windowSeconds,
});

/** The only list of ready-made rewards; one entry each. */
export const REWARD_PRESETS: readonly RewardPreset[] = [
  preset(
    'play-two-minutes',
    'Play of two minutes and more',
    '1 if at least 120 seconds were watched because of it, else 0. A click that was a mistake does not count.',
    6 * HOUR,
    { outcomes: [{ name: 'watch', min: 120 }], combine: 'any' },
  ),
  preset(
    'completion',
    'Completion',
    '1 if what was chosen was watched to its end within a day, else 0.',
    DAY,
    {
      outcomes: [{ name: 'complete' }],
      combine: 'any',
    },
  ),
  preset(
    'minutes',
    'Minutes watched',
    'Minutes watched because of it within a day, at most 300: a film left running overnight is one evening.',
    DAY,
    { outcomes: [{ name: 'watch', value: 'value', scale: 1 / 60 }], combine: 'sum', min: 0, max: 300 },
  ),
  preset(
    'return-within-a-day',
    'Return within a day',
    '1 if the member starts another session within a day, at least half an hour later, else 0.',
    DAY,
    { outcomes: [{ name: 'session_start', of: 'unit', afterSeconds: 1800 }], combine: 'any' },
  ),
  preset(
    'lift-of-showing',
    'Lift of showing',
    'What showing adds to the plays of two minutes and more within a day, wherever they come about. Needs withheld choices, and a policy that learns from negative rewards.',
    DAY,
    { outcomes: [{ name: 'watch', min: 120, of: 'item' }], combine: 'any', incremental: {} },
  ),
];

const textOf = (reward: RewardDefinition, windowSeconds: number): string =>
  canonicalJson({ reward, windowSeconds } as unknown as Json);

/** The key of the preset with this definition and window; null when there is none. */
export function presetOf(reward: RewardDefinition | null, windowSeconds: number): string | null {
  if (reward === null) return null;
  const text = textOf(reward, windowSeconds);
  const found = REWARD_PRESETS.find((one) => textOf(one.reward, one.windowSeconds) === text);
  return found?.key ?? null;
}
