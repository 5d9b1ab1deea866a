import { defineParams } from '#experiments';
import { z } from 'zod';
import type { RecommenderPolicy, TrainingSet } from '../contract.js';
import { interactionsOf } from './interactions.js';
import { RowCollector } from './item-rows.js';
import { decodeItemToItem, encodeItemToItem, keptField, rankByRows } from './item-to-item.js';
import type { ItemToItem, RowRules, WeightedHistory } from './item-to-item.js';

const HOUR_MS = 3_600_000;

const schema = z.object({
  window: z.int().min(1).max(500).default(20).describe('How many events later a title still counts as next.'),
  decay: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('What a follower counts less with every event between.'),
  last: z.int().min(1).max(1_000).default(10).describe('Newest events of the history that count.'),
  historyDecay: z
    .number()
    .positive()
    .max(1)
    .default(0.9)
    .describe('What an event of the history counts less with every newer one.'),
  shrink: z
    .number()
    .min(0)
    .max(1e6)
    .default(10)
    .describe('Added to the counts of both titles: distrusts rare ones.'),
  sessionHours: z
    .number()
    .positive()
    .max(100_000)
    .nullable()
    .default(null)
    .describe(
      'A pause of this many hours ends a session, and nothing follows across it; null: no pause does.',
    ),
  kept: keptField.default(1_000),
});
type Params = z.output<typeof schema>;

/** Events unit by unit, in the order of the training set. */
function sequencesOf(data: TrainingSet): number[][] {
  const sequences: number[][] = data.units.map(() => []);
  data.unit.forEach((unit, row) => sequences[unit]?.push(row));
  return sequences;
}

/** Where each item occurs: rows of the training set, with the row that comes next in the member's session (or -1). */
function nextRows(data: TrainingSet, sessionHours: number | null): Int32Array {
  const pause = sessionHours === null ? Infinity : sessionHours * HOUR_MS;
  const next = new Int32Array(data.item.length).fill(-1);
  for (const rows of sequencesOf(data)) {
    for (let n = 0; n + 1 < rows.length; n++) {
      const [row, following] = [rows[n] as number, rows[n + 1] as number];
      if ((data.at[following] as number) - (data.at[row] as number) <= pause) next[row] = following;
    }
  }
  return next;
}

function occurrencesOf(data: TrainingSet): number[][] {
  const occurrences: number[][] = data.items.map(() => []);
  data.item.forEach((item, row) => occurrences[item]?.push(row));
  return occurrences;
}

function fit(
  data: TrainingSet,
  params: Params,
  _rng: unknown,
  progress: (share: number) => void,
): ItemToItem {
  const { decay, kept, sessionHours, shrink, window } = params;
  const n = data.items.length;
  const next = nextRows(data, sessionHours);
  const occurrences = occurrencesOf(data);
  const collector = new RowCollector(n, kept);
  const followers = new Float64Array(n);
  occurrences.forEach((rows, item) => {
    followers.fill(0);
    for (const row of rows) {
      let weight = 1;
      let at = next[row] as number;
      for (let distance = 1; distance <= window && at >= 0; distance++) {
        const follower = data.item[at] as number;
        followers[follower] = (followers[follower] as number) + weight;
        weight *= decay;
        at = next[at] as number;
      }
    }
    // Watching a title again is not a recommendation.
    followers[item] = 0;
    for (let other = 0; other < n; other++) {
      if (followers[other] === 0) continue;
      const counts = (rows.length + shrink) * ((occurrences[other] as number[]).length + shrink);
      followers[other] = (followers[other] as number) / Math.sqrt(counts);
    }
    collector.add(followers);
    if (item % 100 === 0) progress(item / n);
  });
  progress(1);
  return { items: [...data.items], rows: collector.rows(), popularity: interactionsOf(data).popularity };
}

/** The newest events, each counting `decay` times the one after it. */
function fading(items: readonly number[], params: Params): WeightedHistory {
  const recent = items.slice(-params.last).reverse();
  return { items: recent, weights: recent.map((_, age) => params.historyDecay ** age) };
}

export const markovRules = (params: Params): RowRules => ({
  limit: 10 * params.last,
  weigh: (items) => fading(items, params),
});

/**
 * What comes next: W_ab = C_ab / sqrt((c_a + shrink)(c_b + shrink)), where C_ab adds decay^(distance - 1) for every time
 * that b came after a within `window` events, and c counts events. The score is the sum of the rows of the newest
 * events, fading with age.
 */
export const markovKnn: RecommenderPolicy<Params, ItemToItem> = {
  key: 'markov-knn',
  title: 'What comes next (Markov neighbours)',
  summary: 'Ranks titles by how often members watched them soon after what the member watched last.',
  reference:
    'Garg, Gupta, Malhotra, Vig, Shroff (2019), Sequence and time aware neighborhood for session-based recommendations; ' +
    'Ludewig, Jannach (2018), Evaluation of session-based recommendation algorithms',
  learns: 'batch',
  params: defineParams(schema),
  stateVersion: 1,
  fit,
  encode: encodeItemToItem,
  decode: decodeItemToItem,
  compile: (state, params) => rankByRows(state, markovRules(params)),
};
