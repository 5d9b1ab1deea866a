import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { browsePage, createMemberState, createStage, createWorld, Visit } from '#simulation';
import type { Answer, ClientEvent, ServedTreatment, TreatmentRequest } from '#simulation';

const world = createWorld('page', { members: 40, titles: 12 });
const stage = createStage(world, 'page');
const AT = Date.UTC(2026, 4, 8, 19);

const served = (part: Partial<ServedTreatment> & Pick<ServedTreatment, 'decisionId' | 'surface'>) => ({
  experiment: null,
  arm: null,
  reason: 'POLICY',
  ...part,
});
const slate = (ids: readonly string[]) => ids.map((id) => ({ id, propensity: 1 }));

/** A page of two rows: three titles each, the first of them with an image. */
function pageOf(request: TreatmentRequest): Answer {
  expect(request).toMatchObject({ page: 'home', requests: [], context: { history: [], unfinished: [] } });
  const rows = [world.rows[2], world.rows[3]].map((row) => row?.id ?? '');
  return [
    served({ decisionId: 'order', surface: 'home.rows', slate: slate(rows) }),
    ...rows.flatMap((row, i) => {
      const titles = world.titles.slice(3 * i, 3 * i + 3);
      const [first] = titles;
      return [
        served({
          decisionId: `titles ${i}`,
          surface: 'home.titles',
          subject: row,
          slate: slate(titles.map(({ id }) => id)),
        }),
        served({
          decisionId: `image ${i}`,
          surface: 'title.artwork',
          subject: first?.id ?? '',
          action: first?.artwork[0]?.id ?? null,
        }),
      ];
    }),
  ];
}

/** What the visits of many members report. */
function eventsOfVisits(): ClientEvent[] {
  return world.members.flatMap((member, i) =>
    Array.from({ length: 10 }, (_, n) => {
      const visit = new Visit(stage, createMemberState(member), createRng(`page/${i}/${n}`), AT);
      const play = browsePage(visit);
      const asked = play.next();
      if (asked.done || asked.value.kind !== 'serve') throw new Error('the visit asks for the page first');
      // What follows a playback is asked for as well, and gets no answer here.
      let step = play.next(pageOf(asked.value.request));
      while (!step.done) step = play.next([]);
      return visit.pending.map(({ event }) => event);
    }).flat(),
  );
}

describe('a visit to a page that was served as a whole', () => {
  const events = eventsOfVisits();
  const named = (kind: string, name?: string): Set<string | undefined> =>
    new Set(
      events
        .filter((event) => event.kind === kind && event.name === name)
        .map(({ decisionId }) => decisionId?.split(' ')[0]),
    );

  it('names the decisions that what was seen and played is due to', () => {
    expect(named('exposure')).toEqual(new Set(['order', 'titles', 'image']));
    expect(named('outcome', 'click')).toEqual(new Set(['order', 'titles', 'image']));
    expect(named('outcome', 'play')).toEqual(new Set(['titles']));
  });

  it('looks into rows that are opened alone, and plays what stands in them', () => {
    const opened = events.filter(({ name, decisionId }) => name === 'click' && decisionId === 'order').length;
    const looked = events.filter(
      ({ kind, decisionId }) => kind === 'exposure' && decisionId?.startsWith('titles'),
    ).length;
    expect(looked).toBe(opened);
    for (const { name, decisionId, itemId } of events) {
      if (name !== 'play') continue;
      const row = Number(decisionId?.split(' ')[1]);
      expect(world.titles.slice(3 * row, 3 * row + 3).map(({ id }) => id)).toContain(itemId);
    }
  });
});
