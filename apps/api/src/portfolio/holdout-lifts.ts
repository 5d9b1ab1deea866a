import { Inject, Injectable } from '@nestjs/common';
import type { Condition, Holdout } from '#experiments';
import { DEFAULT_ESTIMATOR, EMPTY_MOMENTS, estimatorRegistry, needsUnits } from '#metrics';
import type { MetricDefinition, Moments } from '#metrics';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import { loadMetricCatalogue } from '../persistence/metric-catalogue.js';
import { filterColumns } from '../rollups/event-filter-sql.js';
import { lastMatureDay } from '../rollups/maturity.js';
import { EventValues, unitColumns } from '../rollups/metric-sql.js';
import { MOMENTS_OF_UNITS, momentsOf } from '../rollups/moments-sql.js';
import type { MomentsRow } from '../rollups/moments-sql.js';
import type { HoldoutLift } from './portfolio.contract.js';
import { Portfolios, boundsOf } from './portfolios.js';
import type { HoldoutQuery } from './portfolio.schemas.js';
import { promisedBy, shippedRows } from './shipped-sums.js';
import { sparedUnits } from './spared-units.js';

const ALPHA = 0.05;
const DAY_MS = 86_400_000;

type StoredHoldout = Pick<Holdout, 'key' | 'title' | 'share' | 'surfaces' | 'unitType' | 'tags'> & {
  readonly except: Condition | null;
} & Record<string, unknown>;

/** What everything that is shipped and running brings together: all other units against those held out. */
@Injectable()
export class HoldoutLifts {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Portfolios) private readonly portfolios: Portfolios,
  ) {}

  /** @throws Problem 400 for an unknown metric. */
  async measure({ metric, days }: HoldoutQuery, now: Date): Promise<HoldoutLift[]> {
    const catalogue = await loadMetricCatalogue(this.db);
    const definition = catalogue.find(metric);
    if (!definition) {
      const known = catalogue.offered().map(({ key }) => key);
      throw Problem.invalid('/metric', 'unknown_metric', `must be one of ${known.join(', ')}`);
    }
    const holdouts = await this.db.query<StoredHoldout>(
      `select key, title, share, surfaces, unit_type as "unitType", except_when as except, tags from holdout where enabled order by created_at, key`,
    );
    const from = new Date(now.getTime() - days * DAY_MS);
    if (holdouts.length === 0) return [];
    const { rows } = await this.portfolios.portfolio({ metric, running: false }, now);
    const shipped = await shippedRows(this.db, rows);
    return Promise.all(
      holdouts.map(async (holdout) => ({
        ...(await this.liftOf(holdout, definition, from, now)),
        tags: holdout.tags ?? null,
        promised: promisedBy(holdout, shipped),
      })),
    );
  }

  private async liftOf(
    holdout: StoredHoldout,
    definition: MetricDefinition,
    from: Date,
    now: Date,
  ): Promise<Omit<HoldoutLift, 'tags' | 'promised'>> {
    const { key, title, share, surfaces } = holdout;
    const shown = { holdout: key, title, share, surfaces };
    const none = { estimate: null, lower: null, upper: null };
    const unfit = unfitFor(definition);
    if (unfit !== null)
      return { ...shown, units: { heldOut: 0, others: 0, spared: 0 }, lift: none, reason: unfit };
    const spared = await sparedUnits(this.db, holdout.except, { ...holdout, from, to: now });
    const arms = await this.moments(holdout, definition, { from, now, spared });
    const heldOut = arms.get(true) ?? EMPTY_MOMENTS;
    const others = arms.get(false) ?? EMPTY_MOMENTS;
    const { relative } = estimatorRegistry
      .get(DEFAULT_ESTIMATOR)
      .compare(heldOut, others, { alpha: ALPHA, kind: definition.kind, adjust: false });
    return {
      ...shown,
      units: { heldOut: heldOut.n, others: others.n, spared: spared.length },
      lift: boundsOf(relative),
      reason: relative.reason,
    };
  }

  /**
   * Moments of units that met the holdout's surfaces, from their first decision of the window on. Units seen on both
   * sides (its share was changed) and units of other holdouts are left out. Without a covariate: the days before
   * are days of the holdout too, and what they differ in is part of the effect.
   */
  private async moments(
    { key, unitType, surfaces }: StoredHoldout,
    definition: MetricDefinition,
    { from, now, spared }: { readonly from: Date; readonly now: Date; readonly spared: readonly string[] },
  ): Promise<Map<boolean, Moments>> {
    const values = new EventValues();
    const own = values.add(key);
    const [since, until] = [values.add(from), values.add(now)];
    const covered = values.add(surfaces);
    const none = values.add(spared);
    const unit = values.add(unitType);
    const mature = values.add(lastMatureDay(definition, now));
    const { y, d } = unitColumns(definition, values);
    const filters = filterColumns([definition]);
    const covers = `at >= ${since}::timestamptz and at <= ${until}::timestamptz and unit_type = ${unit}
            and (${covered}::text[] is null or surface = any(${covered}::text[])) and unit_id <> all(${none}::text[])`;
    // Attributes are what a unit's first decision was asked with, as in experiments.
    const attributes = filters.unit === '' ? '' : ', (array_agg(context order by at, id))[1] as attributes';
    const rows = await this.db.query<MomentsRow & { held: boolean }>(
      `with u as (
         select unit_id, bool_or(coalesce(holdout = ${own}, false)) as held, min(at) as first_at${attributes}
           from decision
          where ${covers}
          group by unit_id
         having bool_or(coalesce(holdout = ${own}, false)) = bool_and(coalesce(holdout = ${own}, false))
            and bool_and(holdout is null or holdout = ${own})
            and (min(at) at time zone 'UTC')::date <= ${mature}::date),
       own as (select id, unit_id, at${filters.own.replace('d.', '')} from decision where ${covers}),
       -- One join of units with events: what the planner does not know of u (how many units pass) cannot multiply.
       ev as (
         select u.unit_id, u.held, u.first_at, ${values.codeOfEvent()} as code, e.value, e.at, e.decision_id, false as attributed,
                floor(extract(epoch from e.at - u.first_at) / 86400) as day,
                (e.at at time zone 'UTC')::date - (u.first_at at time zone 'UTC')::date as calendar_day${filters.ofEvent}
           from u left join event e on e.unit_id = u.unit_id and e.at >= u.first_at
            and e.at >= ${since}::timestamptz and e.at <= ${until}::timestamptz
           ${filters.ofEvent.includes('own.') ? 'left join own on own.id = e.decision_id and own.unit_id = e.unit_id' : ''})
       select m.held, ${MOMENTS_OF_UNITS}
         from (select ev.unit_id, ev.held, ${y} as y, ${d} as d, 0::double precision as x
                 from ev group by ev.unit_id, ev.held) m
        group by m.held`,
      values.list,
    );
    return new Map(rows.map((row) => [row.held, momentsOf(row)]));
  }
}

/** Why a metric cannot be compared with a holdout; null: it can. */
function unfitFor(definition: MetricDefinition): string | null {
  const measures = [definition.numerator, ...(definition.denominator ? [definition.denominator] : [])];
  if (measures.some(({ scope, fold }) => scope === 'decision' || fold === 'exposures'))
    return 'counts_only_decisions_of_experiments';
  return needsUnits(definition) ? 'needs_all_units_at_once' : null;
}
