import type { HasUnit } from './targeting-operators.js';
import type { ConditionSources } from './targeting.js';
import { unitList } from './unit-list.js';
import type { Condition } from './vocabulary.js';

/** One version of a named condition. */
export interface SegmentVersion {
  readonly key: string;
  readonly version: number;
  readonly condition: Condition;
}

/** A named list of ids; see `unitList`. */
export interface UnitListConfig {
  readonly key: string;
  readonly hashed: boolean;
  readonly entries: readonly string[];
}

/** What the conditions of a catalogue may name; absent: nothing. */
export interface SavedConditions {
  readonly segments?: readonly SegmentVersion[];
  readonly unitLists?: readonly UnitListConfig[];
}

/** Lists are large and catalogues are compiled often: the set of a list lives as long as the list. */
const sets = new WeakMap<UnitListConfig, HasUnit>();
function setOf(list: UnitListConfig): HasUnit {
  let known = sets.get(list);
  if (!known) sets.set(list, (known = unitList(list.entries, list.hashed)));
  return known;
}

/** Without a version a segment's latest is meant. */
export function conditionSources({ segments = [], unitLists = [] }: SavedConditions): ConditionSources {
  const lists = new Map(unitLists.map((list) => [list.key, list]));
  const versions = new Map<string, SegmentVersion[]>();
  for (const one of segments) versions.set(one.key, [...(versions.get(one.key) ?? []), one]);
  return {
    segment: (key, version) => {
      const known = versions.get(key) ?? [];
      const latest = Math.max(...known.map((one) => one.version));
      return known.find((one) => one.version === (version ?? latest))?.condition;
    },
    list: (key) => {
      const list = lists.get(key);
      return list && setOf(list);
    },
  };
}
