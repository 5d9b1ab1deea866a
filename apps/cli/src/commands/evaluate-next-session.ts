import { createRng } from '#experiments';
import type { Json, Rng } from '#experiments';
import { policyRegistry } from '#policies';
import type { DecisionRequest, Ranker, RecommenderPolicy } from '#policies';
import { ratedLog, simulatedLog, trainingOf } from './next-session-data.js';
import type { MemberLog, VisitLog } from './next-session-data.js';
import { BinaryScore, survivalOf } from './next-session-scores.js';
import type { BinaryFigures } from './next-session-scores.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const POLICY = 'anticipatory';
/** Moments per member at which is asked whether they come back. */
const MOMENTS = 3;
const TOPS = [1, 3, 5, 10] as const;
const MOST_HISTORY = 100;
const MOST_VISITS = 200;

export interface NextSessionOptions {
  /** Directory with ratings.csv; absent: the simulated service. */
  readonly data?: string;
  /** Members and days of the simulated service; a quarter of the days is asked about. */
  readonly members: number;
  readonly days: number;
  readonly seed: number;
  readonly params?: unknown;
  readonly progress?: (share: number) => void;
}

export interface NextSessionEvaluation {
  readonly policy: string;
  readonly params: Json;
  readonly members: number;
  /** By what is compared: is there a visit within so many hours? */
  readonly returnWithin: Readonly<Record<string, Readonly<Record<string, BinaryFigures>>>>;
  /** Share of the next visits that begin with a title of the first n, in visits within a week. */
  readonly prefetch: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly visits: number;
  /** Share of members who had come by each quantile, of those quantiles that were seen out; best its own probability. */
  readonly quantiles: Readonly<Record<string, number | null>>;
  readonly fitSeconds: number;
  /** Processor time. */
  readonly microsecondsPerForecast: number;
}

/** A moment at which a member is asked about. */
interface Moment {
  readonly member: MemberLog;
  readonly at: number;
  readonly visits: readonly number[];
  readonly next: number | null;
}

interface Task {
  readonly log: VisitLog;
  /** Who is learned from, and until when. */
  readonly learned: readonly MemberLog[];
  readonly before: number;
  readonly moments: readonly Moment[];
  /** Hours of the question. */
  readonly hours: readonly number[];
}

/** Starts of visits: what happens within an hour belongs together. */
function visitsOf({ started, played }: MemberLog): number[] {
  const times = [...started, ...played.map(({ at }) => at)].sort((a, b) => a - b);
  return times.filter((at, i) => i === 0 || at - (times[i - 1] as number) >= HOUR_MS);
}

const momentOf = (member: MemberLog, visits: readonly number[], at: number): Moment => ({
  member,
  at,
  visits: visits.filter((visit) => visit <= at),
  next: visits.find((visit) => visit > at) ?? null,
});

/** Everybody is learned from until a day; then they are asked about at moments of the time that follows. */
function byTime(log: VisitLog, days: number, rng: Rng): Task {
  const before = log.until - Math.max(2, Math.round(days / 4)) * DAY_MS;
  const moments = log.members.flatMap((member) => {
    const visits = visitsOf(member);
    if (!visits.some((visit) => visit < before)) return [];
    const room = log.until - DAY_MS - before;
    return Array.from({ length: MOMENTS }, () => momentOf(member, visits, before + rng.uniform() * room));
  });
  return { log, learned: log.members, before, moments, hours: [24] };
}

/** Four fifths of the members are learned from, the others are asked about an hour after the start of each visit. */
function byMember(log: VisitLog, rng: Rng): Task {
  const isAsked = log.members.map(() => rng.uniform() < 0.2);
  const moments = log.members
    .filter((_, i) => isAsked[i])
    .flatMap((member) => {
      const visits = visitsOf(member);
      return visits.map((visit) => momentOf(member, visits, visit + HOUR_MS));
    })
    .filter(({ at }) => at + 7 * DAY_MS <= log.until);
  const learned = log.members.filter((_, i) => !isAsked[i]);
  return { log, learned, before: log.until + 1, moments, hours: [24, 168] };
}

const isoOf = (at: number): string => new Date(at).toISOString();

function requestOf({ member, at, visits }: Moment, actions: DecisionRequest['actions']): DecisionRequest {
  const history = member.played.filter((play) => play.at <= at).map(({ title }) => title);
  return {
    unitId: member.id,
    context: {
      ...member.context,
      visits: visits.slice(-MOST_VISITS).map(isoOf),
      history: history.slice(-MOST_HISTORY),
    },
    actions,
    subject: null,
    at,
  };
}

/** What is foreseen without a model of the member: by everybody's rate, by time since the last visit, by own rate. */
function baselinesOf({ learned, before, hours }: Task) {
  const spells = learned
    .map((member) => visitsOf(member).filter((at) => at < before))
    .filter(({ length }) => length > 0);
  const survival = survivalOf(spells, before);
  const exposure = spells.reduce((sum, own) => sum + (before - (own[0] as number)), 0) / HOUR_MS;
  const rate = spells.reduce((sum, own) => sum + own.length - 1, 0) / exposure;
  return (moment: Moment, n: number): Record<string, number> => {
    const within = hours[n] as number;
    const first = moment.visits[0] ?? moment.at;
    const own = (moment.visits.length - 1 + 2) / ((moment.at - first) / HOUR_MS + 2 / rate);
    const elapsed = (moment.at - (moment.visits.at(-1) ?? moment.at)) / HOUR_MS;
    return {
      everybody: -Math.expm1(-rate * within),
      recency: 1 - survival(elapsed + within) / survival(elapsed),
      'own rate': -Math.expm1(-own * within),
    };
  };
}

function returns(task: Task, ranker: Ranker) {
  const { moments, hours } = task;
  const baselines = baselinesOf(task);
  const scores = hours.map(() => new Map<string, BinaryScore>());
  const reached = new Map<number, { asked: number; came: number }>();
  const start = process.cpuUsage();
  const forecasts = moments.map((moment) => ranker.nextSession?.(requestOf(moment, []), hours));
  const { system, user } = process.cpuUsage(start);
  const micros = (user + system) / Math.max(1, moments.length);
  moments.forEach((moment, m) => {
    const { at, next } = moment;
    hours.forEach((within, n) => {
      const happened = next !== null && next - at <= within * HOUR_MS;
      const all = { [POLICY]: forecasts[m]?.within[n]?.probability ?? 0, ...baselines(moment, n) };
      for (const [name, probability] of Object.entries(all)) {
        const score = scores[n]?.get(name) ?? new BinaryScore();
        scores[n]?.set(name, score);
        score.add(probability, happened);
      }
    });
    for (const { probability, at: by } of forecasts[m]?.quantiles ?? []) {
      const counts = reached.get(probability) ?? { asked: 0, came: 0 };
      reached.set(probability, counts);
      // What lies behind the end was not seen; leaving it out depends on the forecast alone.
      if (by === null || by > task.log.until) continue;
      counts.asked++;
      if (next !== null && next <= by) counts.came++;
    }
  });
  const returnWithin = Object.fromEntries(
    hours.map((within, n) => [
      `${within} h`,
      Object.fromEntries([...(scores[n] ?? [])].map(([name, score]) => [name, score.figures()])),
    ]),
  );
  const quantiles = Object.fromEntries(
    [...reached].map(([p, { asked, came }]) => [p, asked === 0 ? null : came / asked]),
  );
  return { returnWithin, quantiles, micros };
}

/** Whether the first title of the next visit within a week is among the first n. */
function prefetched({ log, learned, before, moments }: Task, ranker: Ranker) {
  const counts = new Map<string, number>();
  for (const { played } of learned)
    for (const { at, title } of played) if (at < before) counts.set(title, (counts.get(title) ?? 0) + 1);
  const popular = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([title]) => title);
  const hits: Record<string, number[]> = {};
  let visits = 0;
  for (const moment of moments) {
    const { member, at, next } = moment;
    const title = member.played.find((play) => play.at > at)?.title;
    if (next === null || title === undefined || next - at > 7 * DAY_MS) continue;
    visits++;
    const request = requestOf(moment, log.titles);
    const scores = ranker.scores(request);
    const order = [...log.titles.keys()].sort(
      (a, b) => (scores[b] as number) - (scores[a] as number) || a - b,
    );
    const last = [...new Set([...(request.context['history'] as string[])].reverse())];
    const lists = {
      [POLICY]: order.slice(0, 10).map((i) => log.titles[i]?.id),
      popular,
      'last watched': last,
    };
    for (const [name, list] of Object.entries(lists)) {
      const place = list.indexOf(title);
      const own = (hits[name] ??= TOPS.map(() => 0));
      TOPS.forEach((top, t) => {
        if (place >= 0 && place < top) own[t] = (own[t] as number) + 1;
      });
    }
  }
  const shares = (own: readonly number[]): Record<string, number> =>
    Object.fromEntries(TOPS.map((top, t) => [`hit@${top}`, (own[t] as number) / Math.max(1, visits)]));
  return {
    visits,
    prefetch: Object.fromEntries(Object.entries(hits).map(([name, own]) => [name, shares(own)])),
  };
}

/**
 * Trains the anticipatory policy and asks it, about times that it has not seen, whether members come back and what they
 * begin with, beside what plain rules say.
 * @throws DomainError on bad parameters or unreadable data.
 */
export async function evaluateNextSession(options: NextSessionOptions): Promise<NextSessionEvaluation> {
  const policy = policyRegistry.get(POLICY) as RecommenderPolicy;
  const params = policy.params.parse(options.params ?? {});
  const rng = createRng(`next session ${options.seed}`);
  const { data, members, days, seed } = options;
  const task =
    data === undefined
      ? byTime(await simulatedLog(`next-${seed}`, members, days), days, rng)
      : byMember(ratedLog(data), rng);
  options.progress?.(0.2);
  const start = performance.now();
  const state = policy.fit(trainingOf(task.log, task.learned, task.before), params, rng, (share) =>
    options.progress?.(0.2 + 0.5 * share),
  );
  const fitSeconds = (performance.now() - start) / 1000;
  const ranker = policy.compile(state, params) as Ranker;
  const { returnWithin, quantiles, micros } = returns(task, ranker);
  options.progress?.(0.85);
  const { visits, prefetch } = prefetched(task, ranker);
  options.progress?.(1);
  return {
    policy: POLICY,
    params: params as Json,
    members: task.log.members.length,
    returnWithin,
    prefetch,
    visits,
    quantiles,
    fitSeconds,
    microsecondsPerForecast: micros,
  };
}
