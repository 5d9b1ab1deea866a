import { z } from 'zod';

const finite = z.number().refine(Number.isFinite, 'must be a finite number');

const outcomeRule = z.strictObject({
  name: z.string().min(1).max(128).describe('Name of the outcome that counts, e.g. "play".'),
  value: z
    .enum(['one', 'value'])
    .default('one')
    .describe('"one": the outcome is worth 1; "value": it is worth the number that was sent with it.'),
  min: finite.optional().describe('An outcome with a smaller value, or with none, does not count.'),
  max: finite.optional().describe('A larger value counts as this one.'),
  scale: finite
    .optional()
    .describe('The worth is multiplied by this; negative for outcomes that are unwelcome.'),
});

/** How outcomes become the number that a policy learns from. */
export const rewardSchema = z
  .strictObject({
    outcomes: z
      .array(outcomeRule)
      .min(1)
      .max(32)
      .describe('Outcomes that count; the first rule with the name applies.'),
    combine: z
      .enum(['max', 'sum', 'any'])
      .default('max')
      .describe('Several outcomes of one decision: the largest, their sum, or 1 if there is any.'),
    min: finite.optional().describe('Rewards are at least this.'),
    max: finite.optional().describe('Rewards are at most this.'),
  })
  .refine((reward) => (reward.min ?? -Infinity) <= (reward.max ?? Infinity), {
    message: 'min must not be greater than max',
    path: ['min'],
  });

export type RewardDefinition = z.output<typeof rewardSchema>;
type OutcomeRule = RewardDefinition['outcomes'][number];

/** What the reward needs of a served decision. `at` is Unix milliseconds. */
export interface ServedDecision {
  readonly at: number;
  readonly exposed: boolean;
  readonly served: readonly ServedPosition[];
}

/** One action that was served, at its 0-based position. */
export interface ServedPosition {
  readonly actionId: string;
  readonly position: number;
  readonly propensity: number;
}

/** An event that names the decision. `at` is Unix milliseconds. */
export interface LinkedEvent {
  readonly id: string;
  readonly kind: 'exposure' | 'outcome';
  readonly at: number;
  readonly name: string | null;
  readonly value: number | null;
  readonly actionId: string | null;
  readonly itemId: string | null;
  readonly position: number | null;
}

export interface PositionReward extends ServedPosition {
  readonly reward: number;
}

export interface Settlement {
  /** Positions to learn from; empty when nothing was seen, or (without a window) nothing has happened yet. */
  readonly rewards: readonly PositionReward[];
  readonly exposed: boolean;
  /** Counting outcomes that no single served action could be credited with. */
  readonly unattributed: number;
}

/** Worth of one outcome, or null when it does not count. */
export function worthOf(
  definition: RewardDefinition,
  name: string | null,
  value: number | null,
): number | null {
  const rule = definition.outcomes.find((candidate) => candidate.name === name);
  return rule ? ruleWorth(rule, value) : null;
}

function ruleWorth(rule: OutcomeRule, value: number | null): number | null {
  if (rule.min !== undefined && (value === null || value < rule.min)) return null;
  if (rule.value === 'one') return rule.scale ?? 1;
  if (value === null || !Number.isFinite(value)) return null;
  return Math.min(value, rule.max ?? Infinity) * (rule.scale ?? 1);
}

/** The client speaks of an action that was not served: a mix-up that proves and counts nothing. */
const isMixUp = (event: LinkedEvent, served: readonly ServedPosition[]): boolean =>
  event.actionId !== null && !served.some((one) => one.actionId === event.actionId);

/**
 * Which served action an event is about: the action it names, else the position, else the item. A single choice
 * takes every event of its decision.
 * @returns an index into `served`, or -1 when the event cannot be placed.
 */
export function attribute(event: LinkedEvent, served: readonly ServedPosition[]): number {
  if (event.actionId !== null) return served.findIndex((one) => one.actionId === event.actionId);
  if (served.length === 1) return 0;
  if (event.position !== null) return served.findIndex((one) => one.position === event.position);
  if (event.itemId !== null) return served.findIndex((one) => one.actionId === event.itemId);
  return -1;
}

/**
 * The rewards of one decision. An outcome counts when it happened no later than the window's end; there is no lower
 * bound, because an event that names a decision came after it whatever the client's clock says. An exposed position
 * without counting outcomes gets 0 at the window's end; without a window (`windowSeconds` 0) only the first counting
 * outcome of a position makes a reward, and there is no default.
 * @param windowSeconds attribution window after the decision; 0 for none.
 */
export function settle(
  decision: ServedDecision,
  events: readonly LinkedEvent[],
  definition: RewardDefinition,
  windowSeconds: number,
): Settlement {
  const closes = windowSeconds === 0 ? Infinity : decision.at + windowSeconds * 1000;
  const inWindow = events
    .filter((event) => event.at <= closes && !isMixUp(event, decision.served))
    .sort(inTime);
  const worths: number[][] = decision.served.map(() => []);
  let unattributed = 0;
  for (const event of inWindow) {
    if (event.kind !== 'outcome') continue;
    const worth = worthOf(definition, event.name, event.value);
    if (worth === null) continue;
    const index = attribute(event, decision.served);
    const list = worths[index];
    if (list) list.push(worth);
    else unattributed += 1;
  }
  const seen = exposedPositions(decision, inWindow);
  const rewards: PositionReward[] = [];
  decision.served.forEach((served, index) => {
    const list = worths[index] as number[];
    if (!seen[index] || (windowSeconds === 0 && list.length === 0)) return;
    const counting = windowSeconds === 0 ? list.slice(0, 1) : list;
    rewards.push({ ...served, reward: clip(combine(counting, definition.combine), definition) });
  });
  return { rewards, exposed: seen.some(Boolean), unattributed };
}

/**
 * Which positions were seen. Where exposures name places, those and the places with outcomes; else the whole answer,
 * once it was served as exposed or any event names it.
 */
function exposedPositions(decision: ServedDecision, events: readonly LinkedEvent[]): boolean[] {
  const all = decision.served.map(() => true);
  if (decision.exposed) return all;
  const seen = decision.served.map(() => false);
  let placedExposures = false;
  for (const event of events) {
    const index = attribute(event, decision.served);
    if (event.kind === 'exposure' && index < 0) return all;
    if (event.kind === 'exposure') placedExposures = true;
    if (index >= 0) seen[index] = true;
  }
  return placedExposures || events.length === 0 ? seen : all;
}

/** By time, then id: the same events give the same order wherever they are read. */
function inTime(a: LinkedEvent, b: LinkedEvent): number {
  return a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function combine(worths: readonly number[], how: RewardDefinition['combine']): number {
  if (worths.length === 0) return 0;
  if (how === 'any') return 1;
  if (how === 'sum') return worths.reduce((sum, worth) => sum + worth, 0);
  return worths.reduce((most, worth) => Math.max(most, worth));
}

const clip = (reward: number, { min, max }: RewardDefinition): number =>
  Math.min(Math.max(reward, min ?? -Infinity), max ?? Infinity);
