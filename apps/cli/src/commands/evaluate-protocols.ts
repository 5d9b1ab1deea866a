import { readFileSync } from 'node:fs';
import { DomainError } from '#experiments';
import type { Context } from '#experiments';
import type { TrainingSet } from '#policies';
import { frequent, histories } from './evaluate-data.js';
import type { RatingEvent } from './evaluate-data.js';

export const PROTOCOLS = ['strong', 'leave-one-out', 'rolling', 'cold'] as const;
export type ProtocolName = (typeof PROTOCOLS)[number];

/** One question: given this history, which of the candidates come next? Ids are positions in `items`. */
export interface RankingCase {
  readonly user: number;
  /** Oldest first. */
  readonly history: readonly number[];
  readonly targets: ReadonlySet<number>;
}

export interface Fold {
  readonly train: TrainingSet;
  readonly cases: readonly RankingCase[];
}

/** A protocol laid out on data: title ids ascending, and folds that each train and ask. */
export interface Layout {
  readonly items: readonly number[];
  /** Positions that may be ranked; a case's own history is left out besides. */
  readonly candidates: readonly number[];
  readonly folds: readonly Fold[];
}

/** The parts of a split file that overrule what is derived from the ratings. */
export interface Split {
  readonly items?: readonly number[];
  readonly users?: readonly number[];
  readonly fold?: Readonly<Record<string, number>>;
  readonly holdout?: Readonly<Record<string, readonly number[]>>;
  readonly test?: Readonly<Record<string, number>>;
  readonly cold?: readonly number[];
}

/** @throws DomainError `invalid_data` when the file is not a JSON object. */
export function readSplit(path: string): Split {
  let split: unknown;
  try {
    split = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new DomainError('invalid_data', `the split ${path} cannot be read: ${(error as Error).message}`);
  }
  if (split === null || typeof split !== 'object')
    throw new DomainError('invalid_data', `${path} is not a split`);
  return split;
}

const POSITIVE = 4;
const LEAST_EVENTS = 5;
const FOLDS = 5;
const SPLIT_SEED = 20_240_601;
const ROLLING_EVENTS = 10;
const COLD_RESIDUE = 2;

/**
 * A training set of users' histories. The protocols compare taste and order, and each member's last event lies in a
 * different year: so all events have the same time, and the order of a member's rows is the order of the events.
 */
function trainingSet(
  items: readonly number[],
  lists: ReadonlyMap<number, readonly number[]>,
  features: ReadonlyMap<number, Context>,
): TrainingSet {
  const size = [...lists.values()].reduce((sum, list) => sum + list.length, 0);
  const unit = new Uint32Array(size);
  const item = new Uint32Array(size);
  let row = 0;
  let u = 0;
  for (const list of lists.values()) {
    for (const position of list) {
      unit[row] = u;
      item[row++] = position;
    }
    u++;
  }
  return {
    units: [...lists.keys()].map(String),
    items: items.map(String),
    unit,
    item,
    value: new Float64Array(size).fill(1),
    at: new Float64Array(size),
    itemFeatures: items.map((id) => features.get(id) ?? {}),
  };
}

/** x <- (1664525 x + 1013904223) mod 2^32, as numbers in [0, 1). */
function congruential(seed: number): () => number {
  let x = seed >>> 0;
  return () => {
    x = (Math.imul(1_664_525, x) + 1_013_904_223) >>> 0;
    return x / 4_294_967_296;
  };
}

/** Fisher-Yates from the last position down. */
function shuffled(values: readonly number[], seed: number): number[] {
  const list = [...values];
  const next = congruential(seed);
  for (let k = list.length - 1; k > 0; k--) {
    const j = Math.floor(next() * (k + 1));
    [list[k], list[j]] = [list[j] as number, list[k] as number];
  }
  return list;
}

/** Users' positives (rating >= 4) as positions in the list of titles with at least 5 of them. */
function positives(
  events: readonly RatingEvent[],
  split: Split,
): { items: number[]; lists: Map<number, number[]> } {
  const liked = events.filter((event) => event.rating >= POSITIVE);
  const items = [
    ...(split.items ??
      frequent(
        liked.map((event) => event.item),
        LEAST_EVENTS,
      )),
  ];
  const position = new Map(items.map((id, index) => [id, index]));
  const lists = new Map<number, number[]>();
  for (const [user, list] of histories(liked)) {
    const kept = list.flatMap((event) => position.get(event.item) ?? []);
    if (kept.length > 0) lists.set(user, kept);
  }
  return { items, lists };
}

function holdoutOf(user: number, list: readonly number[]): number[] {
  const ascending = [...list].sort((a, b) => a - b);
  return shuffled(ascending, Math.imul(user, 2_654_435_761)).slice(
    0,
    Math.max(1, Math.floor(0.2 * list.length)),
  );
}

/** Strong generalisation: five folds of members the model has never seen; a fifth of each member's titles is hidden. */
function strong(
  events: readonly RatingEvent[],
  split: Split,
  features: ReadonlyMap<number, Context>,
): Layout {
  const { items, lists } = positives(events, split);
  const users =
    split.users ?? [...lists].filter(([, list]) => list.length >= LEAST_EVENTS).map(([user]) => user);
  const order = shuffled(users, SPLIT_SEED);
  const foldOf = new Map(order.map((user, place) => [user, split.fold?.[String(user)] ?? place % FOLDS]));
  const position = new Map(items.map((id, index) => [id, index]));
  const folds = Array.from({ length: FOLDS }, (_, fold): Fold => {
    const train = new Map<number, number[]>();
    const cases: RankingCase[] = [];
    for (const user of users) {
      const list = lists.get(user) ?? [];
      if (foldOf.get(user) !== fold) {
        train.set(user, list);
        continue;
      }
      const listed = split.holdout?.[String(user)]?.flatMap((id) => position.get(id) ?? []);
      const targets = new Set(listed ?? holdoutOf(user, list));
      cases.push({ user, history: list.filter((item) => !targets.has(item)), targets });
    }
    return { train: trainingSet(items, train, features), cases };
  });
  return { items, candidates: items.map((_, index) => index), folds };
}

/** All ratings in order, as positions among titles with at least 5 of them. */
function ordered(
  events: readonly RatingEvent[],
  split: Split,
): { items: number[]; lists: Map<number, number[]> } {
  const items = [
    ...(split.items ??
      frequent(
        events.map((event) => event.item),
        LEAST_EVENTS,
      )),
  ];
  const position = new Map(items.map((id, index) => [id, index]));
  const lists = new Map<number, number[]>();
  for (const [user, list] of histories(events)) {
    lists.set(
      user,
      list.flatMap((event) => position.get(event.item) ?? []),
    );
  }
  return { items, lists };
}

/** Hides the last `hidden` events of everybody and asks for each from all that came before it. */
function lastEvents(hidden: number) {
  return (events: readonly RatingEvent[], split: Split, features: ReadonlyMap<number, Context>): Layout => {
    const { items, lists } = ordered(events, split);
    const train = new Map<number, readonly number[]>();
    const cases: RankingCase[] = [];
    for (const [user, list] of lists) {
      if (list.length <= hidden) continue;
      train.set(user, list.slice(0, -hidden));
      for (let place = list.length - hidden; place < list.length; place++) {
        cases.push({ user, history: list.slice(0, place), targets: new Set([list[place] as number]) });
      }
    }
    const fold = { train: trainingSet(items, train, features), cases };
    return { items, candidates: items.map((_, index) => index), folds: [fold] };
  };
}

/** Titles nobody has watched yet: ranks only those, for members with a history of others. */
function cold(events: readonly RatingEvent[], split: Split, features: ReadonlyMap<number, Context>): Layout {
  const { items, lists } = positives(events, split);
  const listed = split.cold === undefined ? undefined : new Set(split.cold);
  const isCold = items.map((id) => (listed === undefined ? id % FOLDS === COLD_RESIDUE : listed.has(id)));
  const users = split.users === undefined ? undefined : new Set(split.users);
  const train = new Map<number, number[]>();
  const cases: RankingCase[] = [];
  for (const [user, list] of lists) {
    const history = list.filter((item) => !isCold[item]);
    const targets = new Set(list.filter((item) => isCold[item]));
    const asked = users === undefined ? targets.size > 0 && history.length >= LEAST_EVENTS : users.has(user);
    if (!asked) continue;
    train.set(user, history);
    cases.push({ user, history, targets });
  }
  const candidates = items.flatMap((_, index) => (isCold[index] ? [index] : []));
  return { items, candidates, folds: [{ train: trainingSet(items, train, features), cases }] };
}

const layouts = { strong, 'leave-one-out': lastEvents(1), rolling: lastEvents(ROLLING_EVENTS), cold };

/** Lays a protocol out on ratings; what the split does not say is derived by the protocol's own rule. */
export function layOut(
  protocol: ProtocolName,
  events: readonly RatingEvent[],
  split: Split,
  features: ReadonlyMap<number, Context>,
): Layout {
  const layout = layouts[protocol](events, split, features);
  if (layout.folds.every((fold) => fold.cases.length === 0)) {
    throw new DomainError(
      'invalid_data',
      `the ratings leave nothing to ask under the protocol "${protocol}"`,
    );
  }
  return layout;
}
