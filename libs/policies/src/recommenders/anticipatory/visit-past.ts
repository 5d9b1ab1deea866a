import { hourOfWeek } from '../../local-time.js';
import type { Rhythm } from './rhythm.js';

const HOUR_MS = 3_600_000;

/** Starts of visits: times whose distance to the one before is at least the gap. @param times oldest first. */
export function visitsOf(times: ArrayLike<number>, gapMs: number): number[] {
  const visits: number[] = [];
  let previous = -Infinity;
  for (let i = 0; i < times.length; i++) {
    const time = times[i] as number;
    if (time - previous >= gapMs) visits.push(time);
    previous = time;
  }
  return visits;
}

/**
 * What a member's past visits say, as sums that fade: how often, and at which local hours and weekdays. Everything is known
 * at the last visit; what comes later is asked for, so that one past serves a whole forecast.
 */
export class VisitPast {
  /** Visits by local hour of the day and by weekday (Sunday first), faded. */
  readonly hours = new Float64Array(24);
  readonly days = new Float64Array(7);
  /** All visits, faded. */
  total = 0;
  /** Unix milliseconds; null without a visit. */
  last: number | null = null;
  /** Visits after the first, and hours since it, faded alike: their ratio is a rate. */
  private returns = 0;
  private exposure = 0;
  private readonly remembered = new Float64Array(168).fill(Number.NaN);

  /** @param halfLifeHours after which a visit counts half. */
  constructor(
    private readonly halfLifeHours: number,
    private readonly offsetMinutes: number,
  ) {}

  add(at: number): void {
    const how = hourOfWeek(at, this.offsetMinutes);
    this.remembered.fill(Number.NaN);
    if (this.last !== null) {
      const elapsed = (at - this.last) / HOUR_MS;
      const kept = 2 ** (-elapsed / this.halfLifeHours);
      for (let h = 0; h < 24; h++) this.hours[h] = (this.hours[h] as number) * kept;
      for (let d = 0; d < 7; d++) this.days[d] = (this.days[d] as number) * kept;
      this.total *= kept;
      this.exposure = this.exposureAfter(elapsed, kept);
      this.returns = this.returns * kept + 1;
    }
    this.hours[how % 24] = (this.hours[how % 24] as number) + 1;
    const day = Math.floor(how / 24);
    this.days[day] = (this.days[day] as number) + 1;
    this.total += 1;
    this.last = at;
  }

  private exposureAfter(elapsed: number, kept: number): number {
    return this.exposure * kept + (this.halfLifeHours / Math.LN2) * (1 - kept);
  }

  /**
   * Visits per hour as believed `elapsed` hours after the last one, drawn to the population's.
   * @param shrink visits that the population's rate is worth.
   */
  rateAfter(elapsed: number, populationRate: number, shrink: number): number {
    if (this.last === null) return populationRate;
    const kept = 2 ** (-elapsed / this.halfLifeHours);
    return (this.returns * kept + shrink) / (this.exposureAfter(elapsed, kept) + shrink / populationRate);
  }

  /** How much likelier than on average a visit is at this hour of the local week, drawn to the population's rhythm. */
  rhythmAt(how: number, { week, hours, days }: Rhythm, shrink: number): number {
    const hour = how % 24;
    const day = Math.floor(how / 24);
    const byHour = ownRatio(this.smoothHour(hour), this.total, hours[hour] as number, shrink);
    const byDay = ownRatio(this.days[day] as number, this.total, days[day] as number, shrink);
    return (week[how] as number) * byHour * byDay;
  }

  /** Logarithm of the same; always to be asked for with one rhythm, until a visit is added. */
  logRhythmAt(how: number, rhythm: Rhythm, shrink: number): number {
    const known = this.remembered[how] as number;
    if (!Number.isNaN(known)) return known;
    return (this.remembered[how] = Math.log(this.rhythmAt(how, rhythm, shrink)));
  }

  /** An hour with half the weight of its neighbours: few visits leave holes that are none. */
  private smoothHour(hour: number): number {
    const at = (h: number): number => this.hours[(h + 24) % 24] as number;
    return 0.5 * at(hour) + 0.25 * (at(hour - 1) + at(hour + 1));
  }
}

/** Own share over the population's, with `shrink` visits of the population mixed in. */
const ownRatio = (count: number, total: number, share: number, shrink: number): number =>
  (count + shrink * share) / ((total + shrink) * share);
