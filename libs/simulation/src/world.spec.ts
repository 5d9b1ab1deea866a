import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import {
  artworkClickProbability,
  cancelHazard,
  createStage,
  createWorld,
  drawLocalHour,
  drive,
  homeRows,
  itemsOf,
  layers,
  memberOf,
  millisecondsPerDay,
  playSession,
  readyExperiments,
  readyPolicies,
  rowExamination,
  seasonFactor,
  segmentShares,
  sessionsPerDay,
  simulate,
  styleRates,
  surfaces,
  tasteSegments,
  truthOf,
  Visit,
  createMemberState,
  EventQueue,
  type ClientEvent,
  type Member,
  type Title,
  type TreatmentRequest,
  type World,
} from './index.js';

const start = Date.UTC(2026, 2, 2);
const small = { members: 150, titles: 24 };

async function run(world: World, seed: string, from = start, days = 7) {
  const events: { event: ClientEvent; deliveredAt: number }[] = [];
  const requests: { request: TreatmentRequest; at: number }[] = [];
  let decisions = 0;
  const summary = await simulate(world, {
    from,
    to: from + days * millisecondsPerDay,
    seed,
    serve: (request, at) => {
      requests.push({ request, at });
      return request.requests.map(({ surface }) => ({
        decisionId: `d${decisions++}`,
        surface,
        experiment: null,
        arm: null,
        reason: 'NO_EXPERIMENT',
      }));
    },
    emit: (event, deliveredAt) => void events.push({ event, deliveredAt }),
  });
  return { events, requests, summary };
}

describe('the world', () => {
  it('is the same for the same seed, plain JSON, and differs by seed', () => {
    const world = createWorld('a', small);
    expect(createWorld('a', small)).toEqual(world);
    expect(JSON.parse(JSON.stringify(world))).toEqual(world);
    expect(createWorld('b', small).members[0]).not.toEqual(world.members[0]);
  });

  it('contains the smaller world of its seed, and knows who joins later', () => {
    const world = createWorld('a', small);
    expect(createWorld('a', { members: 300, titles: 24 }).members.slice(0, 150)).toEqual(world.members);
    expect(memberOf('a', 149)).toEqual(world.members[149]);
  });

  it('draws segments in their shares', () => {
    const { members } = createWorld('a', { members: 4000, titles: 1 });
    for (const segment of tasteSegments) {
      const share = members.filter((member) => member.segment === segment).length / 4000;
      // Four standard errors.
      expect(Math.abs(share - segmentShares[segment])).toBeLessThan(4 * Math.sqrt(0.25 / 4000));
    }
  });

  it('offers unique items, and everything that the ready experiments name', () => {
    const ids = itemsOf(createWorld('a', small)).map((item) => item.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { experiment } of readyExperiments) {
      expect(surfaces.map((surface) => surface.key)).toContain(experiment.surface);
      expect(layers.map((layer) => layer.key)).toContain(experiment.layer);
      expect(experiment.arms.filter((arm) => arm.isControl)).toHaveLength(1);
      for (const { treatment } of experiment.arms) {
        if (treatment.kind === 'policy')
          expect(readyPolicies.map((policy) => policy.id)).toContain(treatment.policyId);
      }
    }
    expect(truthOf(createWorld('a', small)).experiments.map((truth) => truth.experiment)).toEqual(
      readyExperiments.map((ready) => ready.experiment.key),
    );
  });
});

describe('a simulation', () => {
  it('repeats itself exactly for equal seeds and answers, and not for another seed', async () => {
    const world = createWorld('a', small);
    const first = await run(world, 's');
    const second = await run(world, 's');
    expect(second.events).toEqual(first.events);
    expect(second.requests).toEqual(first.requests);
    expect((await run(world, 't')).events).not.toEqual(first.events);
  });

  it('delivers events in order of arrival, never before they happened, some of them hours later', async () => {
    const { events, summary } = await run(createWorld('a', small), 's');
    expect(summary.events).toBe(events.length);
    expect(new Set(events.map(({ event }) => event.id)).size).toBe(events.length);
    const arrivals = events.map(({ deliveredAt }) => deliveredAt);
    expect([...arrivals].sort((a, b) => a - b)).toEqual(arrivals);
    const delays = events.map(({ event, deliveredAt }) => deliveredAt - Date.parse(event.at));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    const watches = delays.filter((_, i) => events[i]?.event.name === 'watch');
    const late = watches.filter((delay) => delay > 3_600_000).length / watches.length;
    expect(late).toBeGreaterThan(0.03);
    expect(late).toBeLessThan(0.15);
  });

  it('hears nothing of a member after the cancellation', async () => {
    const { events, requests, summary } = await run(
      createWorld('a', { members: 1200, titles: 10 }),
      's',
      start,
      14,
    );
    const cancelled = new Map(
      events
        .filter(({ event }) => event.name === 'cancel')
        .map(({ event }) => [event.unitId, Date.parse(event.at)]),
    );
    expect(cancelled.size).toBe(summary.cancelled);
    expect(cancelled.size).toBeGreaterThan(10);
    for (const { request, at } of requests) {
      // A film that was playing may run into the cancellation and on to the next episode.
      expect(at).toBeLessThan((cancelled.get(request.unitId) ?? Infinity) + 6 * 3_600_000);
    }
  });

  it('is busiest in the local evening and at the weekend', async () => {
    const { events } = await run(createWorld('a', { members: 800, titles: 10 }), 's', start, 14);
    const starts = events.filter(({ event }) => event.name === 'session_start');
    const world = createWorld('a', { members: 800, titles: 10 });
    const offset = new Map(world.members.map((member) => [member.id, member.offsetMinutes]));
    const local = starts.map(
      ({ event }) => new Date(Date.parse(event.at) + (offset.get(event.unitId) ?? 0) * 60_000),
    );
    const evening = local.filter((time) => time.getUTCHours() >= 19 && time.getUTCHours() < 23).length;
    const night = local.filter((time) => time.getUTCHours() >= 2 && time.getUTCHours() < 6).length;
    expect(evening).toBeGreaterThan(8 * night);
    const weekend = local.filter((time) => [0, 6].includes(time.getUTCDay())).length / 2;
    const midweek = local.filter((time) => [1, 2, 3, 4].includes(time.getUTCDay())).length / 4;
    expect(weekend / midweek).toBeGreaterThan(1.2);
  });

  it('watches more horror in October than in May', async () => {
    const world = createWorld('a', { members: 600, titles: 24 });
    const horror = new Set(world.titles.filter((title) => title.genre === 'horror').map((title) => title.id));
    const share = async (from: number): Promise<number> => {
      const { events } = await run(world, 's', from, 14);
      const plays = events.filter(({ event }) => event.name === 'play');
      return plays.filter(({ event }) => horror.has(event.itemId ?? '')).length / plays.length;
    };
    expect(seasonFactor('horror', 9)).toBe(1.8);
    expect(await share(Date.UTC(2026, 9, 5))).toBeGreaterThan(1.2 * (await share(Date.UTC(2026, 4, 4))));
  });
});

describe('behaviour', () => {
  const world = createWorld('a', { members: 400, titles: 24 });

  it('clicks the same row less the lower it stands, as the cascade says', async () => {
    const clicks = async (position: number): Promise<number> => {
      // Only one row can be liked: the others don't exist.
      const slate = Array.from({ length: 12 }, (_, i) => (i === position ? 'row-trending' : `row-none-${i}`));
      let count = 0;
      for (let i = 0; i < 12_000; i++) {
        const visit = new Visit(
          createStage(world, 'p'),
          createMemberState(world.members[i % 400] as Member),
          createRng(`p${i}`),
          start,
        );
        await drive(playSession(visit), {
          serve: ({ requests }) =>
            requests
              .filter(({ surface }) => surface === 'home.rows')
              .map(({ surface }) => ({
                decisionId: 'd',
                surface,
                experiment: null,
                arm: null,
                reason: 'POLICY',
                slate: slate.map((id) => ({ id, propensity: 1 })),
              })),
          emit: () => undefined,
        });
        count += visit.pending.filter(
          ({ event }) => event.name === 'click' && event.position === position,
        ).length;
      }
      return count;
    };
    const top = await clicks(0);
    const sixth = await clicks(5);
    expect(top).toBeGreaterThan(300);
    // Ratio of two Poisson counts: four standard errors.
    expect(Math.abs(Math.log(sixth / top) - Math.log(rowExamination(5)))).toBeLessThan(
      4 * Math.sqrt(1 / top + 1 / sixth),
    );
  });

  it('cancels sooner and comes less often when dissatisfied', async () => {
    const member = world.members[0] as Member;
    expect(cancelHazard(member, 0.2)).toBeGreaterThan(3 * cancelHazard(member, 0.6));
    expect(sessionsPerDay(member, 0.2)).toBeLessThan(0.8 * sessionsPerDay(member, 0.6));
    const many = createWorld('a', { members: 1500, titles: 10 });
    const left = async (satisfaction: number): Promise<number> => {
      const states = many.members.map((one) => ({ ...createMemberState(one), satisfaction }));
      const summary = await simulate(many, {
        from: start,
        to: start + 7 * millisecondsPerDay,
        seed: 'c',
        states,
        serve: () => [],
        emit: () => undefined,
      });
      return summary.cancelled;
    };
    expect(await left(0.1)).toBeGreaterThan(1.8 * (await left(0.8)));
  });

  it('has opposite best artwork by taste, and faces best on average', () => {
    const { bestStyle } = truthOf(world).artwork;
    expect(bestStyle).toEqual({ everybody: 'face', heart: 'face', thrill: 'action', curious: 'face' });
    expect(styleRates(world, 'thrill').face).toBeLessThan(styleRates(world, 'thrill').landscape);
    const title = world.titles[0] as Title;
    for (const artwork of title.artwork) {
      const p = artworkClickProbability(world.members[0] as Member, title, artwork, 5);
      expect(p).toBeGreaterThan(0);
      expect(p).toBeLessThan(1);
    }
  });

  it('covers all hours of the day', () => {
    expect(drawLocalHour(0)).toBe(0);
    expect(drawLocalHour(0.999999)).toBe(23);
    expect(homeRows).toHaveLength(12);
  });
});

describe('the event queue', () => {
  it('gives events by arrival, equal ones in the order they came, and keeps later ones', () => {
    const queue = new EventQueue();
    const rng = createRng('queue');
    const times = Array.from({ length: 500 }, () => rng.below(50));
    times.forEach((deliveredAt, i) =>
      queue.push({ deliveredAt, event: { id: String(i), kind: 'outcome', unitId: 'u', at: '' } }),
    );
    const out: [number, number][] = [];
    for (let next = queue.pop(50); next; next = queue.pop(50))
      out.push([next.deliveredAt, Number(next.event.id)]);
    expect(out).toEqual(
      times.map((time, i) => [time, i] as [number, number]).sort((a, b) => a[0] - b[0] || a[1] - b[1]),
    );
    queue.push({ deliveredAt: 7, event: { id: 'x', kind: 'outcome', unitId: 'u', at: '' } });
    expect(queue.pop(7)).toBeUndefined();
    expect(queue.pop(8)?.event.id).toBe('x');
  });
});
