import type { DecisionRequest, NextSession } from '../../contract.js';
import { offsetMinutesOf, timesIn } from '../../local-time.js';
import { cumulativeHazard } from './hazard.js';
import type { HazardModel } from './hazard.js';
import type { Params } from './params.js';
import { VisitPast, visitsOf } from './visit-past.js';

const HOUR_MS = 3_600_000;
const WEEK_HOURS = 168;
/** Newest visits of a member that count: as many as a context can list. */
const MOST_VISITS = 200;

/** Hours until the cumulative hazard says that a visit has come with this probability; null: not within the horizon. */
function quantile(hazard: Float64Array, probability: number): number | null {
  const wanted = -Math.log1p(-probability);
  const hour = hazard.findIndex((value) => value >= wanted);
  if (hour < 0) return null;
  const before = hour === 0 ? 0 : (hazard[hour - 1] as number);
  return hour + (wanted - before) / ((hazard[hour] as number) - before);
}

/** When the member of a request comes back. @param within hours to give the probability of a visit for. */
export function forecast(
  model: HazardModel,
  params: Params,
  request: DecisionRequest,
  within: readonly number[],
): NextSession {
  const { context, at } = request;
  const offset = offsetMinutesOf(context, at);
  const past = new VisitPast(model.halfLifeHours, offset ?? 0);
  const visits = visitsOf(timesIn(context, params.visits, at), params.gapMinutes * 60_000);
  for (const visit of visits.slice(-MOST_VISITS)) past.add(visit);
  const horizon = 24 * params.horizonDays;
  const hazard = cumulativeHazard(model, past, at, offset ?? 0, Math.max(horizon, ...within));
  const survival = (hour: number): number => (hour === 0 ? 1 : Math.exp(-(hazard[hour - 1] as number)));
  let mean = 0;
  for (let hour = 0; hour < horizon; hour++) mean += (survival(hour) + survival(hour + 1)) / 2;
  const timeOf = (hours: number | null): number | null =>
    hours === null || hours > horizon ? null : Math.round(at + hours * HOUR_MS);
  return {
    visits: past.last === null ? 0 : visits.length,
    lastVisitAt: past.last,
    utcOffsetMinutes: offset,
    within: within.map((hours) => ({ hours, probability: 1 - survival(Math.ceil(hours)) })),
    horizonHours: horizon,
    meanHours: mean,
    quantiles: [0.1, 0.25, 0.5, 0.75, 0.9].map((probability) => ({
      probability,
      at: timeOf(quantile(hazard, probability)),
    })),
    hourly: Array.from(
      { length: Math.min(WEEK_HOURS, horizon) },
      (_, hour) => survival(hour) - survival(hour + 1),
    ),
  };
}
