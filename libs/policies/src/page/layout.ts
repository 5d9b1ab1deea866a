import { z } from 'zod';
import { hardFilterSchema } from '../rerankers/hard-filters.js';

const key = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    'must be 1 to 100 letters, digits, dots, underscores or hyphens',
  );
const name = z.string().min(1).max(100);
const item = z.string().min(1).max(200);

const source = z.strictObject({
  rows: z
    .strictObject({ feature: name, value: name })
    .nullable()
    .default(null)
    .describe('Which rows: those with this value of a feature; null: all that no earlier source is for.'),
  from: z
    .enum(['all', 'match', 'context', 'alike', 'newest'])
    .describe(
      'all: every title. match: titles that share a value of the feature with the row. context: titles that the context ' +
        'lists. alike: titles that share most values of the feature with the newest of the history. newest: the largest ' +
        'values of the feature, a time or a number, first.',
    ),
  feature: name.optional().describe('Feature of the titles; needed by match, alike and newest.'),
  of: name.optional().describe('match: feature of the row, where it has another name.'),
  attribute: name.optional().describe('context: attribute that lists ids of titles, the newest last.'),
});
export type RowSource = z.output<typeof source>;

const pin = z.strictObject({
  row: item.describe('Row that stands at the place, or that the title stands in.'),
  title: item.nullable().default(null).describe('Title at a place of the row; null: the row itself.'),
  position: z.int().min(1).max(100).describe('Place on the page or in the row, from 1.'),
  until: z.iso.datetime({ offset: true }).describe('When it ends by itself.'),
  reason: z.string().min(1).max(500).optional().describe('Why, for whoever reads the audit log.'),
});
export type PagePin = z.output<typeof pin>;

interface Fault {
  readonly path: (string | number)[];
  readonly message: string;
}

/** Pins that contradict each other, lie beyond the page, or leave nothing to decide. */
function faultsOfPins({ pins, rows, titles }: PinnedLayout): Fault[] {
  const seen = new Set<string>();
  const counts = new Map<string, number>();
  return pins.flatMap(({ row, title, position }, i): Fault[] => {
    const [where, limit] = title === null ? ['', rows.limit] : [row, titles.limit];
    const fault = (field: string, message: string): Fault => ({ path: ['pins', i, field], message });
    const what = JSON.stringify([where, title ?? row]);
    const place = JSON.stringify([where, position]);
    const count = (counts.get(where) ?? 0) + 1;
    counts.set(where, count);
    const faults = [
      ...(seen.has(what) ? [fault(title === null ? 'row' : 'title', 'is pinned twice')] : []),
      ...(seen.has(place) ? [fault('position', 'is taken by another pin')] : []),
      ...(position > limit ? [fault('position', `must be at most ${limit}, the number of places`)] : []),
      ...(count === limit ? [fault('position', `leaves none of ${limit} places to be decided`)] : []),
    ];
    seen.add(what).add(place);
    return faults;
  });
}

interface PinnedLayout {
  readonly pins: readonly PagePin[];
  readonly rows: { readonly limit: number };
  readonly titles: { readonly limit: number };
}

/** Which part of a source is missing; null: none. */
function lacks({ from, feature, attribute }: RowSource): 'feature' | 'attribute' | null {
  if (from === 'context') return attribute === undefined ? 'attribute' : null;
  return from !== 'all' && feature === undefined ? 'feature' : null;
}

/** Decisions of one page at most; each is kept. */
export const MOST_PAGE_DECISIONS = 400;

/** How a page is put together: rows in order, titles in each, an artwork for the first of them. */
export const pageLayoutSchema = z
  .strictObject({
    rows: z.strictObject({
      surface: key.describe('Surface of kind slate whose candidates are the rows.'),
      limit: z.int().min(1).max(40).default(10),
    }),
    titles: z.strictObject({
      surface: key.describe('Surface of kind slate whose candidates are the titles; its subject is the row.'),
      limit: z.int().min(1).max(100).default(12),
      candidates: z
        .int()
        .min(1)
        .max(1000)
        .default(500)
        .describe('Titles that are retrieved for a row, and ranked.'),
      least: z
        .int()
        .min(1)
        .max(100)
        .default(1)
        .describe('A row with fewer candidates is not offered at all.'),
    }),
    artwork: z
      .strictObject({
        surface: key.describe('Surface of kind action; its subject is the title.'),
        places: z.int().min(1).max(100).default(4).describe('First titles of a row that get one chosen.'),
      })
      .nullable()
      .default(null),
    sources: z
      .array(source)
      .max(50)
      .default([])
      .describe(
        'Where the titles of a row come from; the first source for the row counts, without one every title.',
      ),
    unique: z.boolean().default(true).describe('Leave out of a row what stands in a row above.'),
    filters: hardFilterSchema
      .nullable()
      .default(null)
      .describe(
        'What may not be shown, decided before any policy: parameters of hard-filters. null: no limit.',
      ),
    pins: z
      .array(pin)
      .max(100)
      .default([])
      .describe('What people put at a place until a date; policies decide about the other places.'),
  })
  .superRefine(({ rows, titles, artwork, sources, pins }, context) => {
    for (const fault of faultsOfPins({ pins, rows, titles })) context.addIssue({ code: 'custom', ...fault });
    sources.forEach((one, i) => {
      const field = lacks(one);
      if (field !== null)
        context.addIssue({
          code: 'custom',
          path: ['sources', i, field],
          message: `is needed where titles come from "${one.from}"`,
        });
    });
    const places = artwork === null ? 0 : Math.min(artwork.places, titles.limit);
    const decisions = 1 + rows.limit * (1 + places);
    if (decisions > MOST_PAGE_DECISIONS)
      context.addIssue({
        code: 'custom',
        path: artwork === null ? ['rows', 'limit'] : ['artwork', 'places'],
        message: `makes ${decisions} decisions of one page; at most ${MOST_PAGE_DECISIONS} are possible`,
      });
  });
export type PageLayout = z.output<typeof pageLayoutSchema>;
