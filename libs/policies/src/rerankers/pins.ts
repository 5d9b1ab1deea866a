import { defineParams } from '#experiments';
import { z } from 'zod';
import type { SlotRule } from '../contract.js';
import type { Ranking, Wrapper } from '../wrappers/contract.js';
import { spreadOf } from './order.js';

const entry = {
  id: z.string().min(1).max(200).describe('Id of the title.'),
  until: z.iso.datetime({ offset: true }).describe('When it ends by itself.'),
  reason: z.string().min(1).max(500).optional().describe('Why, for whoever reads the audit log.'),
};
const schema = z.object({
  pins: z
    .array(
      z.strictObject({ ...entry, position: z.int().min(1).max(100).describe('Place in the list, from 1.') }),
    )
    .max(100)
    .default([])
    .describe('Titles that stand at a place until a date.'),
  boosts: z
    .array(
      z.strictObject({
        ...entry,
        by: z
          .number()
          .min(-10)
          .max(10)
          .describe('What is added, in spreads of the scores; negative sinks it.'),
      }),
    )
    .max(500)
    .default([])
    .describe('Titles that are lifted or sunk until a date.'),
});
export type EditorialParams = z.output<typeof schema>;

/** Index of the action pinned to each place (from 0); the first of several pins of a place or title counts. */
function pinnedAt({ open, request }: Ranking, { pins }: EditorialParams): ReadonlyMap<number, number> {
  const index = new Map(request.actions.map(({ id }, i) => [id, i]));
  const places = new Map<number, number>();
  const used = new Set<number>();
  for (const { id, position, until } of pins) {
    const action = index.get(id);
    if (action === undefined || open[action] !== 1 || request.at >= Date.parse(until)) continue;
    if (used.has(action) || places.has(position - 1)) continue;
    places.set(position - 1, action);
    used.add(action);
  }
  return places;
}

/**
 * A pinned title stands at its place with certainty, and at none before it: the policy fills those as if it were not there,
 * unless nothing else is left.
 */
function pinning(rule: SlotRule, places: ReadonlyMap<number, number>): SlotRule {
  return (taken, into, place) => {
    const pinned = places.get(place);
    if (pinned !== undefined && taken[pinned] === 0) {
      into.fill(0);
      into[pinned] = 1;
      return;
    }
    const kept = taken.slice();
    for (const [later, action] of places) if (later > place) kept[action] = 1;
    rule(kept.includes(0) ? kept : taken, into, place);
  };
}

/** Pins and boosts by people: each with an end, changed through the API, which writes who did it into the audit log. */
export const pins: Wrapper<EditorialParams> = {
  key: 'pins',
  title: 'Pins and boosts',
  summary: 'Puts titles at a place, or lifts and sinks them, until a date; every change is in the audit log.',
  reference: 'Editorial placement; propensities of pinned places are 1 before the floor',
  params: defineParams(schema),
  named: ({ pins: pinned, boosts }, at) =>
    [...pinned, ...boosts.filter(({ by }) => by > 0)]
      .filter(({ until }) => at < Date.parse(until))
      .map(({ id }) => id),
  rerank: (ranking, { boosts }) => {
    const { at, actions } = ranking.request;
    const by = new Map<string, number>();
    for (const boost of boosts) if (at < Date.parse(boost.until)) by.set(boost.id, boost.by);
    if (by.size === 0) return ranking.scores;
    const spread = spreadOf(ranking) || 1;
    return ranking.scores.map((score, i) => score + spread * (by.get(actions[i]?.id ?? '') ?? 0));
  },
  slots: (rule, ranking, params) => {
    const places = pinnedAt(ranking, params);
    return places.size === 0 ? rule : pinning(rule, places);
  },
};
