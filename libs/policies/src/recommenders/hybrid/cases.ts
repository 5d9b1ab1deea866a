import type { Rng } from '#experiments';
import type { TrainingSet } from '../../contract.js';
import { shuffle } from '../../sampling/shuffle.js';
import { rowsWhere } from '../rows-where.js';

/** What the blend is learned on: what the parts may see, and what they are then asked. */
export interface Rehearsal {
  readonly shown: TrainingSet;
  readonly questions: readonly Question[];
  /** Of each title, 1 if it was taken out of all that is shown, as a title that nobody has watched yet. */
  readonly hidden: Uint8Array;
}

export interface Question {
  /** Oldest first. */
  readonly history: readonly number[];
  readonly targets: readonly number[];
}

export interface RehearsalRules {
  readonly mode: 'taste' | 'next';
  readonly questions: number;
  readonly hiddenTitles: number;
}

const LEAST_TITLES = 3;
/** Share of a member's titles that is asked for. */
const ASKED = 0.2;
/** For taste, members who are asked are not shown at all, so enough others must stay. */
const MOST_ASKED = 0.2;

/** Titles of each member in the order of the events, each once, at its last place. */
function historiesOf(data: TrainingSet): number[][] {
  const sets = data.units.map(() => new Set<number>());
  data.unit.forEach((unit, row) => {
    const set = sets[unit] as Set<number>;
    const item = data.item[row] as number;
    set.delete(item);
    set.add(item);
  });
  return sets.map((set) => [...set]);
}

const shuffled = (count: number, rng: Rng): number[] =>
  shuffle(
    Array.from({ length: count }, (_, i) => i),
    rng,
  );

function askTaste(list: readonly number[], hidden: Uint8Array, rng: Rng): Question {
  const open = list.filter((item) => hidden[item] === 0);
  const asked = new Set(
    shuffled(open.length, rng)
      .slice(0, Math.max(1, Math.floor(ASKED * open.length)))
      .map((place) => open[place] as number),
  );
  return {
    history: open.filter((item) => !asked.has(item)),
    targets: list.filter((item) => hidden[item] === 1 || asked.has(item)),
  };
}

function askNext(list: readonly number[], hidden: Uint8Array): Question {
  return { history: list.slice(0, -1).filter((item) => hidden[item] === 0), targets: list.slice(-1) };
}

/**
 * Hides titles from everybody and asks members for what they watched. taste: a fifth of their titles and the hidden
 * ones, of members who are not shown. next: the last title, of members whose earlier ones are shown.
 */
export function rehearse(data: TrainingSet, rules: RehearsalRules, rng: Rng): Rehearsal {
  const lists = historiesOf(data);
  const hidden = new Uint8Array(data.items.length);
  const watched = [...new Set(data.item)].sort((a, b) => a - b);
  const hiddenCount = Math.floor(rules.hiddenTitles * watched.length);
  for (const place of shuffled(watched.length, rng).slice(0, hiddenCount))
    hidden[watched[place] as number] = 1;
  const eligible = shuffled(lists.length, rng).filter(
    (u) => (lists[u] as number[]).filter((item) => hidden[item] === 0).length >= LEAST_TITLES,
  );
  const most = rules.mode === 'taste' ? Math.ceil(MOST_ASKED * eligible.length) : eligible.length;
  const units = eligible.slice(0, Math.min(most, rules.questions));
  const questions = units.map((u) => {
    const list = lists[u] as number[];
    return rules.mode === 'taste' ? askTaste(list, hidden, rng) : askNext(list, hidden);
  });
  const last = new Map(units.map((u, n) => [u, (questions[n] as Question).targets[0] as number]));
  const shown = rowsWhere(data, (row) => {
    const [unit, item] = [data.unit[row] as number, data.item[row] as number];
    if (hidden[item] === 1) return false;
    return rules.mode === 'taste' ? !last.has(unit) : last.get(unit) !== item;
  });
  return { shown, questions, hidden };
}
