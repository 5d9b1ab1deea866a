import { defineParams } from '#experiments';
import { z } from 'zod';
import type { DecisionRequest, SlotRule } from '../contract.js';
import type { Wrapper } from '../wrappers/contract.js';
import { valuesOf } from './similarity.js';

const share = z.number().min(0).max(1);
const schema = z.object({
  feature: z
    .string()
    .min(1)
    .max(100)
    .default('genres')
    .describe('Feature that makes the groups; a title belongs to the group of each of its values.'),
  groups: z
    .record(z.string().min(1).max(200), share)
    .default({})
    .describe('Least share of every slot, by value of the feature.'),
  items: z
    .record(z.string().min(1).max(200), share)
    .default({})
    .describe('Least share of every slot for single titles, by id.'),
});
type Params = z.output<typeof schema>;

interface Target {
  readonly share: number;
  readonly member: Uint8Array;
}

/** Shares that come to more than 1 are scaled to 1. */
function targetsOf({ actions }: DecisionRequest, { feature, groups, items }: Params): Target[] {
  const sum = [...Object.values(groups), ...Object.values(items)].reduce((total, one) => total + one, 0);
  const scale = sum > 1 ? 1 / sum : 1;
  const of = (least: number, isMember: (action: DecisionRequest['actions'][number]) => boolean): Target => ({
    share: least * scale,
    member: Uint8Array.from(actions, (action) => Number(isMember(action))),
  });
  return [
    ...Object.entries(groups).map(([value, least]) =>
      of(least, ({ features }) => valuesOf(features, feature).includes(value)),
    ),
    ...Object.entries(items).map(([id, least]) => of(least, (action) => action.id === id)),
  ].filter((target) => target.share > 0);
}

/**
 * p' = (1 - sum f) p + sum f_g p(. | g), where p(. | g) is the rule asked as if only the group were left: the group gets its
 * share, and within it the best still come first. What a group cannot use, because nothing of it is left, goes back to p.
 */
function floored(rule: SlotRule, targets: readonly Target[]): SlotRule {
  return (taken, into, place) => {
    rule(taken, into, place);
    const group = new Float64Array(into.length);
    const mixed = new Float64Array(into.length);
    let rest = 1;
    for (const { member, share: least } of targets) {
      const outside = taken.map((one, i) => (member[i] === 1 ? one : 1));
      if (!outside.includes(0)) continue;
      rule(outside, group, place);
      rest -= least;
      for (let i = 0; i < mixed.length; i++) mixed[i] = (mixed[i] as number) + least * (group[i] as number);
    }
    for (let i = 0; i < into.length; i++)
      into[i] = Math.max(0, rest) * (into[i] as number) + (mixed[i] as number);
  };
}

/** A least share of every slot, hence of exposure whatever the places are worth, for groups of titles and single ones. */
export const exposureFloor: Wrapper<Params> = {
  key: 'exposure-floor',
  title: 'Exposure floor',
  summary: 'Gives a group of titles, or single ones, at least a share of every slot.',
  reference: 'Singh and Joachims (2018), Fairness of exposure in rankings',
  params: defineParams(schema),
  named: ({ items }) => Object.keys(items).filter((id) => (items[id] as number) > 0),
  slots: (rule, { request }, params) => {
    const targets = targetsOf(request, params);
    return targets.length === 0 ? rule : floored(rule, targets);
  },
};
