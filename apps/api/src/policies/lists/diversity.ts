import { ListTally, addToMix, mixDrift } from '#metrics';
import type { ListFigures, MixDrift, ShownList } from '#metrics';
import type { Sql } from '../../persistence/database.js';
import { readLists, readTitles } from './shown-lists.js';
import type { LoggedList, Titles } from './shown-lists.js';

/** Titles shown to a member in a half of the period before its drift is looked at. */
const LEAST_SHOWN = 5;
const MOST_VALUES = 30;
const MOST_TITLES = 10;

export interface DiversityView {
  /** Feature whose values make the mixes. */
  readonly feature: string;
  readonly top: number;
  /** Time of the earliest decision looked at; the newest 10,000 of the period at most. */
  readonly from: string | null;
  readonly total: ListFigures;
  readonly days: readonly (ListFigures & { readonly day: string })[];
  /** From the first half of the span looked at to the second. */
  readonly drift: MixDrift;
  /** Shares of all that was shown, a title sharing one unit among its values; the largest first. */
  readonly mix: readonly { readonly value: string; readonly share: number }[];
  readonly mostShown: readonly {
    readonly id: string;
    readonly title: string;
    readonly shown: number;
    readonly share: number;
  }[];
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

function numbered(lists: readonly LoggedList[], { place }: Titles): ShownList[] {
  return lists.map(({ at, member, titles }) => ({
    member,
    at,
    titles: titles.map((id) => place.get(id) as number),
  }));
}

/** What the lists of a policy look like: whether members sit in bubbles, and whether those close. */
export async function diversityOf(
  sql: Sql,
  policyId: string,
  since: Date,
  { feature, top }: { readonly feature: string; readonly top: number },
): Promise<DiversityView> {
  const logged = await readLists(sql, policyId, since, top);
  const titles = await readTitles(sql, policyId, since, logged, feature);
  const lists = numbered(logged, titles);
  const total = new ListTally(titles);
  const byDay = new Map<string, ListTally>();
  const mix = new Map<string, number>();
  for (const list of lists) {
    total.add(list);
    const day = dayOf(list.at);
    let tally = byDay.get(day);
    if (!tally) byDay.set(day, (tally = new ListTally(titles)));
    tally.add(list);
    for (const title of Array.from(list.titles)) addToMix(mix, titles.values[title] ?? []);
  }
  const [last, first] = [lists[0]?.at ?? 0, lists.at(-1)?.at ?? 0];
  return {
    feature,
    top,
    from: lists.length > 0 ? new Date(first).toISOString() : null,
    total: total.figures(),
    days: [...byDay]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([day, tally]) => ({ day, ...tally.figures() })),
    drift: mixDrift(lists, titles.values, (first + last) / 2, LEAST_SHOWN),
    mix: sharesOf(mix),
    mostShown: mostShown(total.counts, titles),
  };
}

function sharesOf(mix: ReadonlyMap<string, number>): DiversityView['mix'] {
  const total = [...mix.values()].reduce((sum, one) => sum + one, 0);
  return [...mix]
    .map(([value, weight]) => ({ value, share: weight / total }))
    .sort((a, b) => b.share - a.share || (a.value < b.value ? -1 : 1))
    .slice(0, MOST_VALUES);
}

function mostShown(counts: Float64Array, { ids, names }: Titles): DiversityView['mostShown'] {
  const total = counts.reduce((sum, one) => sum + one, 0);
  return ids
    .map((id, i) => ({ id, title: names[i] as string, shown: counts[i] as number }))
    .filter(({ shown }) => shown > 0)
    .sort((a, b) => b.shown - a.shown || (a.id < b.id ? -1 : 1))
    .slice(0, MOST_TITLES)
    .map((one) => ({ ...one, share: one.shown / total }));
}
