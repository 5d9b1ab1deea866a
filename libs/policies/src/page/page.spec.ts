import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Action } from '../contract.js';
import { compileExploration, serveSlate } from '../index.js';
import { requestOf } from '../testing/worlds.js';
import { composePage, pageLayoutSchema } from './index.js';
import type { PageAnswer, PageQuestion } from './index.js';

const AT = Date.UTC(2026, 10, 20, 20);
const title = (id: string, features: Action['features']): Action => ({ id, features });
const TITLES: readonly Action[] = [
  title('d1', { genres: ['drama'], year: 2001, maturity: 18 }),
  title('d2', { genres: ['drama', 'crime'], year: 2022 }),
  title('c1', { genres: ['comedy'], year: 2024 }),
  title('c2', { genres: ['comedy', 'drama'], year: 2010, availableUntil: '2026-01-01T00:00:00Z' }),
  title('k1', { genres: ['crime'], year: 1999 }),
];
const ROWS: readonly Action[] = [
  { id: 'drama', features: { row: 'genre', genre: 'drama' } },
  { id: 'continue', features: { row: 'continue' } },
  { id: 'new', features: { row: 'new' } },
  { id: 'because', features: { row: 'because' } },
  { id: 'all', features: {} },
];
const layout = (more: object = {}) =>
  pageLayoutSchema.parse({
    rows: { surface: 'rows' },
    titles: { surface: 'titles', limit: 3 },
    sources: [
      { rows: { feature: 'row', value: 'genre' }, from: 'match', feature: 'genres', of: 'genre' },
      { rows: { feature: 'row', value: 'continue' }, from: 'context', attribute: 'unfinished' },
      { rows: { feature: 'row', value: 'new' }, from: 'newest', feature: 'year' },
      { rows: { feature: 'row', value: 'because' }, from: 'alike', feature: 'genres' },
    ],
    filters: {},
    ...more,
  });

/** Everything in the order in which it is offered, for certain. */
const inOrder = ({ candidates, limit, subject }: PageQuestion): PageAnswer & { subject: string | null } => ({
  ids: (candidates ?? [{ id: `art of ${subject ?? ''}` }]).slice(0, limit).map(({ id }) => id),
  propensity: 1,
  subject,
});
const shown = (
  context: Action['features'],
  more: object = {},
  personalised = true,
): Record<string, string[]> => {
  const moment = { unitId: 'u', context, at: AT };
  const page = composePage(layout(more), ROWS, TITLES, moment, inOrder, personalised);
  return Object.fromEntries(page.rows.map(({ id, titles }) => [id, titles.map((one) => one.id)]));
};

describe('a page', () => {
  it('retrieves the candidates of each row from its source, hard filters first, and shows nothing twice', () => {
    const context = { unfinished: ['k1', 'd1', 'gone'], history: ['d1', 'd2'], maturityLimit: 16 };
    // d1 is rated above the limit and c2 is over: neither stands anywhere.
    expect(shown(context, { unique: false })).toEqual({
      drama: ['d2'],
      continue: ['k1'],
      new: ['c1', 'd2', 'k1'],
      // Shares crime with the newest of the history; what was seen is left out.
      because: ['k1'],
      all: ['d2', 'c1', 'k1'],
    });
    expect(shown(context)).toEqual({ drama: ['d2'], continue: ['k1'], new: ['c1'], because: [], all: [] });
    // Rows without enough candidates are not offered, so the order is about the others alone.
    expect(Object.keys(shown({}, { titles: { surface: 'titles', least: 2 } }))).toEqual([
      'drama',
      'new',
      'all',
    ]);
    expect(Object.keys(shown(context, {}, false))).toEqual(['drama', 'new', 'all']);
  });

  it('chooses artwork for the first places, within the decision about the titles', () => {
    const parents: (string | null)[] = [];
    const page = composePage(
      layout({ artwork: { surface: 'art', places: 1 } }),
      ROWS.slice(0, 1),
      TITLES,
      { unitId: 'u', context: {}, at: AT },
      (question, parent: (PageAnswer & { subject: string | null; level: string }) | null) => {
        parents.push(`${question.level} of ${question.subject ?? '-'} in ${parent?.level ?? '-'}`);
        return { ...inOrder(question), level: question.level };
      },
    );
    expect(parents).toEqual(['rows of - in -', 'titles of drama in rows', 'artwork of d1 in titles']);
    expect(page.rows[0]?.titles.map(({ artwork }) => artwork?.ids ?? null)).toEqual([['art of d1'], null]);
  });

  it('draws each page as often as the product of its propensities says', () => {
    const exploration = compileExploration('plackett-luce', { temperature: 1 });
    const scores = ({ actions }: { actions: readonly Action[] }) => Float64Array.from(actions, (_, i) => -i);
    const draws = 6000;
    const counts = new Map<string, { count: number; propensity: number }>();
    for (let draw = 0; draw < draws; draw++) {
      const page = composePage(
        layout({
          rows: { surface: 'rows', limit: 2 },
          titles: { surface: 'titles', limit: 2 },
          filters: null,
        }),
        [ROWS[0], ROWS[2], ROWS[4]] as Action[],
        TITLES.slice(0, 3),
        { unitId: 'u', context: {}, at: AT },
        ({ candidates, limit, subject }) => {
          const actions = candidates ?? [];
          if (actions.length === 0) return { ids: [], propensity: 1 };
          const rng = createRng(`${draw} ${subject ?? ''}`);
          const ranker = { decides: 'slate', scores } as const;
          const served = serveSlate(ranker, requestOf(actions), limit, exploration, 0.02, rng);
          return {
            ids: served.items.map(({ index }) => (actions[index] as Action).id),
            propensity: served.propensity,
          };
        },
      );
      const name = page.rows
        .map(({ id, titles }) => `${id}:${titles.map((one) => one.id).join('+')}`)
        .join(' ');
      const known = counts.get(name);
      counts.set(name, { count: (known?.count ?? 0) + 1, propensity: page.propensity });
    }
    const total = [...counts.values()].reduce((sum, { propensity }) => sum + propensity, 0);
    expect(total).toBeGreaterThan(0.99);
    expect(total).toBeLessThan(1 + 1e-9);
    const frequent = [...counts.values()].filter(({ propensity }) => propensity * draws >= 5);
    const chiSquare = frequent.reduce(
      (sum, { count, propensity }) => sum + (count - propensity * draws) ** 2 / (propensity * draws),
      0,
    );
    // Mean k, variance 2 k: five standard deviations above it.
    expect(chiSquare).toBeLessThan(frequent.length + 5 * Math.sqrt(2 * frequent.length));
    expect(frequent.length).toBeGreaterThan(10);
  });

  it('puts rows and titles where people pinned them until a date, and lets policies decide about the others', () => {
    const until = '2026-11-21T00:00:00Z';
    const context = { unfinished: ['k1', 'd1'], history: ['d1', 'd2'], maturityLimit: 16 };
    const asked: PageQuestion[] = [];
    const pageWith = (pins: readonly object[], at = AT) =>
      composePage(layout({ pins }), ROWS, TITLES, { unitId: 'u', context, at }, (question) => {
        asked.push(question);
        return inOrder(question);
      });
    const pins = [
      { row: 'new', position: 1, until },
      { row: 'all', position: 9, until },
      // Another kind of title than the row's own; a title that is rated too high; one that is not there.
      { row: 'drama', title: 'k1', position: 1, until },
      { row: 'drama', title: 'd1', position: 2, until },
      { row: 'gone', position: 3, until },
    ];
    const page = pageWith(pins);
    // The row "continue" had nothing but the title that is pinned elsewhere: it stands, and shows nothing.
    expect(page.rows.map(({ id, pinned }) => `${id}${pinned ? '!' : ''}`)).toEqual([
      'new!',
      'drama',
      'continue',
      'because',
      'all!',
    ]);
    expect(page.rows.map(({ titles }) => titles.map((one) => `${one.id}${one.pinned ? '!' : ''}`))).toEqual([
      ['c1', 'd2'],
      ['k1!'],
      [],
      [],
      [],
    ]);
    const [order, first, second] = asked;
    expect([order?.candidates?.map(({ id }) => id), order?.limit]).toEqual([
      ['drama', 'continue', 'because'],
      8,
    ]);
    expect([first?.limit, second?.limit, second?.candidates]).toEqual([3, 2, []]);
    const over = pageWith(pins, Date.parse(until));
    expect(over.rows.every(({ pinned, titles }) => !pinned && titles.every((one) => !one.pinned))).toBe(true);
    // A title that is pinned into its own row is one title there, not two.
    const own = {
      pins: [{ row: 'continue', title: 'k1', position: 1, until }],
      titles: { surface: 'titles', least: 2 },
    };
    expect(Object.keys(shown({ unfinished: ['k1'] }, own))).not.toContain('continue');
  });

  it('refuses a source that lacks its feature, and a page of too many decisions', () => {
    const fault = (more: object): string => {
      const parsed = pageLayoutSchema.safeParse({
        rows: { surface: 'r' },
        titles: { surface: 't' },
        ...more,
      });
      return parsed.success ? 'fine' : `/${(parsed.error.issues[0]?.path ?? []).join('/')}`;
    };
    expect(fault({})).toBe('fine');
    expect(fault({ sources: [{ from: 'match' }] })).toBe('/sources/0/feature');
    expect(fault({ sources: [{ from: 'context' }] })).toBe('/sources/0/attribute');
    const pin = (row: string, position: number, title?: string) => ({
      row,
      position,
      until: '2027-01-01T00:00:00Z',
      ...(title === undefined ? {} : { title }),
    });
    const two = { rows: { surface: 'r', limit: 2 } };
    expect(fault({ ...two, pins: [pin('a', 1), pin('a', 1, 't')] })).toBe('fine');
    expect(fault({ ...two, pins: [pin('a', 3)] })).toBe('/pins/0/position');
    expect(fault({ ...two, pins: [pin('a', 1), pin('b', 2)] })).toBe('/pins/1/position');
    expect(fault({ pins: [pin('a', 1), pin('b', 1)] })).toBe('/pins/1/position');
    expect(fault({ pins: [pin('a', 1, 't'), pin('a', 2, 't')] })).toBe('/pins/1/title');
    expect(fault({ rows: { surface: 'r', limit: 40 }, artwork: { surface: 'a', places: 10 } })).toBe(
      '/artwork/places',
    );
  });
});
