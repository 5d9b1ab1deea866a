import type { Answer, ClientEvent, TreatmentRequest } from '../protocol.js';

/** What one unit did in one experiment after it was first exposed. */
export interface UnitRow {
  readonly unitId: string;
  readonly arm: string;
  readonly firstExposure: number;
  exposures: number;
  clicks: number;
  /** Of this experiment's decisions. */
  decisionPlays: number;
  /** Anywhere, as completes. */
  plays: number;
  completes: number;
  minutes: number;
  sessionsInWeek: number;
  sessionDays: Set<number>;
  cancelled: number;
}

const millisecondsPerDay = 86_400_000;

/** Counts per unit and experiment straight from requests and events: the tests' own, independent of the product. */
export class Measure {
  private readonly decisions = new Map<string, { experiment: string; arm: string }>();
  /** Experiment key to unit id to row. */
  readonly rows = new Map<string, Map<string, UnitRow>>();
  readonly assigned = new Map<string, Map<string, string>>();
  private readonly byUnit = new Map<string, UnitRow[]>();

  served(request: TreatmentRequest, answer: Answer): Answer {
    for (const { decisionId, experiment, arm } of answer) {
      if (experiment === null || arm === null) continue;
      this.decisions.set(decisionId, { experiment, arm });
      const units = this.assigned.get(experiment) ?? new Map<string, string>();
      this.assigned.set(experiment, units.set(request.unitId, arm));
    }
    return answer;
  }

  take(event: ClientEvent): void {
    if (event.kind === 'exposure') this.expose(event);
    else this.count(event);
  }

  private expose(event: ClientEvent): void {
    const decision = this.decisions.get(event.decisionId ?? '');
    if (!decision) return;
    const units = this.rows.get(decision.experiment) ?? new Map<string, UnitRow>();
    this.rows.set(decision.experiment, units);
    let row = units.get(event.unitId);
    if (!row) {
      row = {
        unitId: event.unitId,
        arm: decision.arm,
        firstExposure: Date.parse(event.at),
        exposures: 0,
        clicks: 0,
        decisionPlays: 0,
        plays: 0,
        completes: 0,
        minutes: 0,
        sessionsInWeek: 0,
        sessionDays: new Set(),
        cancelled: 0,
      };
      units.set(event.unitId, row);
      this.byUnit.set(event.unitId, [...(this.byUnit.get(event.unitId) ?? []), row]);
    }
    row.exposures++;
  }

  private count(event: ClientEvent): void {
    const decision = this.decisions.get(event.decisionId ?? '');
    const own = decision && this.rows.get(decision.experiment)?.get(event.unitId);
    if (own && event.name === 'click') own.clicks++;
    if (own && event.name === 'play') own.decisionPlays++;
    const at = Date.parse(event.at);
    for (const row of this.byUnit.get(event.unitId) ?? [])
      if (at >= row.firstExposure) countIn(row, event, at);
  }

  arm(experiment: string, arm: string): UnitRow[] {
    return [...(this.rows.get(experiment)?.values() ?? [])].filter((row) => row.arm === arm);
  }
}

/** Outcomes that count wherever they happen. */
const anywhere: Readonly<Record<string, (row: UnitRow, event: ClientEvent, at: number) => void>> = {
  watch: (row, event) => (row.minutes += (event.value ?? 0) / 60),
  play: (row) => row.plays++,
  complete: (row) => row.completes++,
  cancel: (row) => (row.cancelled = 1),
  session_start: (row, _event, at) => {
    if (at < row.firstExposure + 7 * millisecondsPerDay) row.sessionsInWeek++;
    row.sessionDays.add(Math.floor((at - row.firstExposure) / millisecondsPerDay));
  },
};

function countIn(row: UnitRow, event: ClientEvent, at: number): void {
  anywhere[event.name ?? '']?.(row, event, at);
}

export interface Lift {
  readonly control: number;
  readonly treatment: number;
  readonly lift: number;
  /** Standard error of the lift (delta method). */
  readonly standardError: number;
}

/** Ratio of sums per arm, and its variance over units by the delta method; `denominator` 1 gives means. */
function ratio(
  rows: readonly UnitRow[],
  y: (r: UnitRow) => number,
  d: (r: UnitRow) => number,
): [number, number] {
  const n = rows.length;
  const meanY = rows.reduce((sum, row) => sum + y(row), 0) / n;
  const meanD = rows.reduce((sum, row) => sum + d(row), 0) / n;
  const value = meanY / meanD;
  const squares = rows.reduce((sum, row) => sum + (y(row) - value * d(row)) ** 2, 0);
  return [value, squares / (n * (n - 1)) / meanD ** 2];
}

export function liftOf(
  control: readonly UnitRow[],
  treatment: readonly UnitRow[],
  y: (row: UnitRow) => number,
  d: (row: UnitRow) => number = () => 1,
): Lift {
  const [c, cVariance] = ratio(control, y, d);
  const [t, tVariance] = ratio(treatment, y, d);
  const standardError = Math.sqrt(tVariance / c ** 2 + (cVariance * t ** 2) / c ** 4);
  return { control: c, treatment: t, lift: t / c - 1, standardError };
}
