import { Inject, Injectable } from '@nestjs/common';
import type { Json } from '#experiments';
import { canonicalJson, sha256 } from '../persistence/canonical.js';
import { Database } from '../persistence/database.js';
import { LiftReports } from '../reports/lift-reports.js';
import type { LiftReport } from '../reports/lift-reports.js';
import { ReportStore } from '../reports/report-store.js';

/** A report as it stood when an experiment ended. */
export interface EvidenceSnapshot {
  readonly status: 'stopped' | 'shipped';
  readonly takenAt: Date;
  /** Why it was stopped or shipped, as was said then. */
  readonly reason: string | null;
  /** Of the report's canonical JSON. */
  readonly sha256: string;
  readonly report: LiftReport;
}

/** What is written at once; reports cost a tenth of a second and more. */
const MOST_AT_ONCE = 5;
/** What is not rolled up yet must not be kept for good as a report of nothing. */
const HAS_UNITS = 'exists (select from experiment_unit u where u.experiment = e.key)';

/** Keeps the report that a decision was based on. It is written once and never changed; the database refuses to. */
@Injectable()
export class Evidence {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ReportStore) private readonly store: ReportStore,
    @Inject(LiftReports) private readonly reports: LiftReports,
  ) {}

  /** The snapshots of an experiment, the oldest first; takes one that is missing. @throws Problem 404. */
  async of(key: string, now: Date): Promise<{ items: EvidenceSnapshot[]; nextCursor: null }> {
    const { status } = await this.store.experiment(key);
    if (status === 'stopped' || status === 'shipped') await this.capture(key, now);
    const items = await this.db.query<EvidenceSnapshot & Record<string, unknown>>(
      `select status, taken_at as "takenAt", reason, sha256, report from experiment_evidence where experiment = $1
        order by taken_at`,
      [key],
    );
    return { items, nextCursor: null };
  }

  /** Takes snapshots of experiments that ended by whatever way without one. @returns their keys. */
  async captureMissing(now: Date): Promise<string[]> {
    const rows = await this.db.query<{ key: string }>(
      `select e.key from experiment e
        where e.status in ('stopped', 'shipped') and ${HAS_UNITS} and not exists (
          select from experiment_evidence v where v.experiment = e.key and v.status = e.status)
        order by e.stopped_at desc nulls last limit $1`,
      [MOST_AT_ONCE],
    );
    for (const { key } of rows) await this.capture(key, now);
    return rows.map(({ key }) => key);
  }

  private async capture(key: string, now: Date): Promise<void> {
    const [known] = await this.db.query(
      `select 1 from experiment_evidence v join experiment e on e.key = v.experiment and e.status = v.status
        where e.key = $1`,
      [key],
    );
    if (known) return;
    const { computedInMs: _time, ...report } = await this.reports.report(key, {}, now);
    const text = canonicalJson(JSON.parse(JSON.stringify(report)) as Json);
    await this.db.query(
      `insert into experiment_evidence (experiment, status, taken_at, reason, report, sha256)
       select key, status, $2, stop_reason, $3::jsonb, $4 from experiment e
        where key = $1 and status in ('stopped', 'shipped') and ${HAS_UNITS}
       on conflict do nothing`,
      [key, now, text, sha256(text)],
    );
  }
}
