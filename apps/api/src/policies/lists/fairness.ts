import { compareGroups } from '#metrics';
import type { GroupComparison } from '#metrics';
import type { Json } from '#experiments';
import type { Sql } from '../../persistence/database.js';
import { readLists, readTitles } from './shown-lists.js';
import type { LoggedList, Titles } from './shown-lists.js';
import { GroupTally } from './group-tally.js';

/** An attribute with more values than this is no segment. */
const MOST_SEGMENTS = 20;
const NONE = '(none)';

export interface FairnessTerms {
  /** Context attribute whose values are the segments; null: the first of `attributes`. */
  readonly segment: string | null;
  /** Feature of the titles whose values are the groups. */
  readonly feature: string;
  readonly top: number;
  readonly level: number;
  readonly leastMembers: number;
  readonly threshold: number;
}

export interface FairnessView extends FairnessTerms {
  /** Attributes of the contexts looked at that have few enough values to be segments. */
  readonly attributes: readonly string[];
  readonly decisions: number;
  /** Decisions with a settled reward; rewards below are theirs. */
  readonly settled: number;
  /** Per decision: what members of a segment get. Null without an attribute. */
  readonly segments: GroupComparison | null;
  /** Per title shown: what titles of a group get. */
  readonly groups: GroupComparison;
  /** Per title shown, group by segment; shares are of what the segment was shown. */
  readonly cells: readonly {
    readonly segment: string;
    readonly group: string;
    readonly exposureShare: number;
    readonly shown: number;
    readonly reward: number | null;
    readonly lower: number | null;
    readonly upper: number | null;
  }[];
}

function attributesOf(lists: readonly LoggedList[]): string[] {
  const values = new Map<string, Set<Json>>();
  for (const { attributes } of lists)
    for (const [name, value] of Object.entries(attributes)) {
      let seen = values.get(name);
      if (!seen) values.set(name, (seen = new Set()));
      if (seen.size <= MOST_SEGMENTS) seen.add(value);
    }
  return [...values]
    .filter(([, seen]) => seen.size > 1 && seen.size <= MOST_SEGMENTS)
    .map(([name]) => name)
    .sort();
}

const segmentOf = ({ attributes }: LoggedList, name: string): string => String(attributes[name] ?? NONE);

/** Exposure and reward of segments of members and of groups of titles, from the policy's own log. */
export async function fairnessOf(
  sql: Sql,
  policyId: string,
  since: Date,
  terms: FairnessTerms,
): Promise<FairnessView> {
  const lists = await readLists(sql, policyId, since, terms.top);
  const titles = await readTitles(sql, policyId, since, lists, terms.feature);
  const attributes = attributesOf(lists);
  const segment = terms.segment ?? attributes[0] ?? null;
  const [bySegment, byGroup] = [new GroupTally(), new GroupTally()];
  const byCell = new Map<string, GroupTally>();
  for (const list of lists) {
    const of = segment === null ? null : segmentOf(list, segment);
    if (of !== null) addDecision(bySegment, of, list);
    addTitles(byGroup, list, titles);
    if (of === null) continue;
    let cell = byCell.get(of);
    if (!cell) byCell.set(of, (cell = new GroupTally()));
    addTitles(cell, list, titles);
  }
  return {
    ...terms,
    segment,
    attributes,
    decisions: lists.length,
    settled: lists.filter(({ rewards }) => rewards !== null).length,
    segments: segment === null ? null : compareGroups(bySegment.sums(), bySegment.total, terms),
    groups: compareGroups(byGroup.sums(), byGroup.total, terms),
    cells: [...byCell].sort().flatMap(([name, tally]) =>
      compareGroups(tally.sums(), tally.total, terms).groups.map(({ members: _members, ...figures }) => ({
        segment: name,
        ...figures,
      })),
    ),
  };
}

function addDecision(tally: GroupTally, group: string, { member, rewards }: LoggedList): void {
  tally.show([group]);
  if (rewards === null) return;
  tally.earn(
    group,
    member,
    Object.values(rewards).reduce((sum, one) => sum + one, 0),
  );
}

function addTitles(tally: GroupTally, { member, rewards, titles: shown }: LoggedList, titles: Titles): void {
  shown.forEach((id, place) => {
    const of = titles.values[titles.place.get(id) as number] ?? [];
    const groups = of.length > 0 ? [...new Set(of)] : [NONE];
    tally.show(groups);
    const reward = rewards?.[String(place)];
    if (reward !== undefined) for (const group of groups) tally.earn(group, member, reward);
  });
}
