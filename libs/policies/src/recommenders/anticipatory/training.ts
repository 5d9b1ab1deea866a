import type { Context, Rng } from '#experiments';
import type { Checkpoints, RecommenderPolicy, TrainingSet } from '../../contract.js';
import { offsetMinutesOf } from '../../local-time.js';
import { rowsWhere } from '../rows-where.js';
import { Stages } from '../stages.js';
import { fitHazard } from './hazard-fit.js';
import type { MemberVisits } from './hazard-fit.js';
import { countShares, firstTitles, sharpnessOf } from './next-title.js';
import type { NextTitleShares } from './next-title.js';
import type { Known, Params, State } from './params.js';
import { visitsOf } from './visit-past.js';

/** The task that carries the times of visits; its answers are not looked at. */
export const VISIT_TASK = 'visit';

/** When each member came, and where their clock stood last. */
function memberVisits(data: TrainingSet, gapMs: number): MemberVisits[] {
  const times: number[][] = data.units.map(() => []);
  const offsets = new Map<number, { at: number; minutes: number }>();
  const take = (unit: number, at: number, context: Context | undefined): void => {
    times[unit]?.push(at);
    const minutes = context && offsetMinutesOf(context, at);
    if (typeof minutes === 'number' && at >= (offsets.get(unit)?.at ?? -Infinity))
      offsets.set(unit, { at, minutes });
  };
  data.unit.forEach((unit, row) =>
    take(unit, data.at[row] as number, data.contexts?.[data.context?.[row] ?? -1]),
  );
  const task = data.tasks?.find(({ name }) => name === VISIT_TASK);
  task?.unit.forEach((unit, row) =>
    take(unit, task.at[row] as number, data.contexts?.[task.context[row] as number]),
  );
  return times.map((own, unit) => ({
    visits: visitsOf(
      own.sort((a, b) => a - b),
      gapMs,
    ),
    offsetMinutes: offsets.get(unit)?.minutes ?? 0,
  }));
}

/** All but each member's last visit, for judging a recommender by what it has not learned from. */
function withoutLastVisits(data: TrainingSet, gapMs: number): TrainingSet {
  const last = new Float64Array(data.units.length).fill(-Infinity);
  const begun = new Float64Array(data.units.length).fill(-Infinity);
  data.unit.forEach((unit, row) => {
    const at = data.at[row] as number;
    if (at - (last[unit] as number) >= gapMs) begun[unit] = at;
    last[unit] = at;
  });
  return rowsWhere(data, (row) => (data.at[row] as number) < (begun[data.unit[row] as number] as number));
}

function sharesOf(
  data: TrainingSet,
  params: Params,
  titles: RecommenderPolicy,
  rng: Rng,
  checkpoints: Checkpoints,
): NextTitleShares {
  const gapMs = params.gapMinutes * 60_000;
  const firsts = firstTitles(data, gapMs);
  const shares = countShares(firsts, data.itemFeatures);
  const earlier = withoutLastVisits(data, gapMs);
  if (earlier.unit.length === 0) return { ...shares, sharpness: 1 };
  const own = params.titles.params;
  const ranker = titles.compile(
    titles.fit(earlier, own, rng, () => undefined, { checkpoints }),
    own,
  );
  const lasts = firsts.filter(({ unit }, n) => firsts[n + 1]?.unit !== unit);
  const actions = data.items.map((id, i) => ({ id, features: data.itemFeatures[i] ?? {} }));
  const at = data.at.reduce((latest, time) => Math.max(latest, time), 0);
  const sharpness = ranker.decides === 'slate' ? sharpnessOf(ranker, lasts, actions, at) : 1;
  return { ...shares, sharpness };
}

export function fit(
  known: Known,
  data: TrainingSet,
  params: Params,
  rng: Rng,
  progress: (share: number) => void,
  checkpoints?: Checkpoints,
): State {
  const stages = new Stages(checkpoints);
  const members = memberVisits(data, params.gapMinutes * 60_000);
  const until = members.reduce((latest, { visits }) => Math.max(latest, visits.at(-1) ?? 0), 0);
  const rules = {
    halfLifeHours: 24 * params.halfLifeDays,
    shrinkRate: params.shrinkRate,
    shrinkRhythm: params.shrinkRhythm,
    longestWait: 24 * Math.max(60, params.horizonDays),
    until,
  };
  const toHazard = (share: number): void => progress(0.4 * share);
  const hazard = stages.run('hazard', () => fitHazard(members, rules, rng.fork('hazard'), toHazard), true);
  const titles = known.get(params.titles.key) as RecommenderPolicy;
  const shares = stages.run('shares', (own) => sharesOf(data, params, titles, rng.fork('shares'), own), true);
  progress(0.7);
  const toTitles = (share: number): void => progress(0.7 + 0.3 * share);
  const state = stages.run('titles', (own) =>
    titles.fit(data, params.titles.params, rng.fork('titles'), toTitles, { checkpoints: own }),
  );
  const parts = data.items.flatMap((id, i): [string, Context][] => {
    const { series, episode } = data.itemFeatures[i] ?? {};
    return typeof series === 'string' && typeof episode === 'number' ? [[id, { series, episode }]] : [];
  });
  return { hazard, shares, parts: new Map(parts), titles: { key: titles.key, state } };
}
