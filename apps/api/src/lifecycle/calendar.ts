import { NO_PLAN, dealingName, dealingOf, membershipsOf } from '#experiments';
import type { LayerMembership, SchedulePlan, Switchback } from '#experiments';
import type { Sql } from '../persistence/database.js';
import { clashesOf } from './clashes.js';

const DAY_MS = 86_400_000;

/** An experiment in time. Times are Unix milliseconds. */
export interface Booking {
  readonly key: string;
  readonly title: string;
  readonly status: string;
  readonly owner: string;
  readonly surface: string;
  readonly unitType: string;
  /** What is hashed for its units: ids of their type or their clusters', by slots of time or not. */
  readonly dealtBy: string;
  /** What it is decided by. */
  readonly metric: string | null;
  readonly layers: readonly LayerMembership[];
  readonly from: number;
  readonly to: number;
  /** The end is not planned: it is what its shortest run makes of it, or now where that is over. */
  readonly endIsGuess: boolean;
}

interface Row extends Record<string, unknown> {
  readonly key: string;
  readonly title: string;
  readonly status: string;
  readonly owner: string;
  readonly surface: string;
  readonly unitType: string;
  readonly clusterBy: string | null;
  readonly switchback: Switchback | null;
  readonly metric: string | null;
  readonly layer: string;
  readonly layerFrom: number;
  readonly layerTo: number;
  readonly otherLayers: readonly LayerMembership[];
  readonly startedAt: Date | null;
  readonly stoppedAt: Date | null;
  readonly minimumDays: number;
  readonly plan: SchedulePlan | null;
}

const ROWS = `
select e.key, e.title, e.status, e.owner, e.surface, e.unit_type as "unitType", e.cluster_by as "clusterBy", e.switchback,
       e.decision_metric as metric, e.layer, e.layer_from as "layerFrom",
       e.layer_to as "layerTo", e.other_layers as "otherLayers", e.started_at as "startedAt",
       e.stopped_at as "stoppedAt", e.minimum_days as "minimumDays", s.plan
  from experiment e left join experiment_schedule s on s.experiment = e.key
 where e.started_at is not null or e.status = 'scheduled' or (e.status = 'draft' and $1)
 order by e.surface, e.started_at nulls last, e.key`;

/** Everything that ran, runs or will run, by surface. @param drafts those, too, as if they started now. */
export async function bookings(db: Sql, now: number, drafts = false): Promise<Booking[]> {
  return (await db.query<Row>(ROWS, [drafts])).map((row) => bookingOf(row, now));
}

function bookingOf(row: Row, now: number): Booking {
  const { key, title, status, owner, surface, unitType, metric } = row;
  const plan = { ...NO_PLAN, ...row.plan };
  const from = row.startedAt?.getTime() ?? plan.startAt ?? now;
  const known = row.stoppedAt?.getTime() ?? plan.endAt;
  const layers = membershipsOf({
    layer: row.layer,
    layerRange: [row.layerFrom, row.layerTo],
    otherLayers: row.otherLayers,
  });
  return {
    ...{ key, title, status, owner, surface, unitType, metric, layers, from },
    dealtBy: dealingName(dealingOf(row)),
    to: Math.max(from, known ?? Math.max(now, from + row.minimumDays * DAY_MS)),
    endIsGuess: known === null,
  };
}

/** Bookings and clashes that touch a span, with times as ISO 8601. */
export function calendarView(all: readonly Booking[], from: number, to: number) {
  const iso = (at: number): string => new Date(at).toISOString();
  const within = <T extends { readonly from: number; readonly to: number }>(span: T): boolean =>
    span.from <= to && span.to >= from;
  const dated = <T extends { readonly from: number; readonly to: number }>(span: T) => ({
    ...span,
    from: iso(span.from),
    to: iso(span.to),
  });
  return {
    from: iso(from),
    to: iso(to),
    items: all.filter(within).map(dated),
    clashes: clashesOf(all).filter(within).map(dated),
  };
}
