import type { Json } from '#experiments';
import type { Transaction } from '../persistence/database.js';
import { PropensitySums } from './propensity-sums.js';
import { SlotSums } from './slot-sums.js';
import type { AuditFindings } from './verdict.js';

/** Decisions of one audit at most, the newest ones; and rows that one fetch brings into memory. */
const MOST_DECISIONS = 100_000;
const FETCH = 2000;

interface Row {
  readonly at: Date;
  readonly kind: 'action' | 'slate';
  readonly chosen: Json;
  readonly propensity: number;
  readonly candidates: readonly string[];
  readonly probabilities: readonly number[] | null;
  readonly seed: string;
  readonly version: number | null;
  readonly reason: string;
  readonly fallback: string | null;
}

const DECISIONS = `
select at, kind, chosen, propensity, candidates, probabilities, seed, policy_version as version, reason, fallback from decision
where policy_id = $1 and at >= $2 and at < $3 and kind <> 'value'
  and (cardinality(candidates) > 0 or fallback is not null) order by at desc limit ${MOST_DECISIONS}`;

const FAILURES = new Set(['FALLBACK_ERROR', 'FALLBACK_INVALID']);

export interface Collected {
  readonly findings: Omit<AuditFindings, 'replays' | 'slotLaw'>;
  /** The version with most broken decisions; null where none is broken. */
  readonly brokenVersion: number | null;
}

/**
 * Goes through the decisions of a policy in [from, to), the newest first.
 * @param floor least probability of every candidate, promised since `floorSince`.
 */
export async function collectFindings(
  tx: Transaction,
  policyId: string,
  { from, to, ...promise }: Promised & { readonly from: Date; readonly to: Date },
): Promise<Collected> {
  const collector = new Collector(promise);
  await tx.query(`declare audited no scroll cursor for ${DECISIONS}`, [policyId, from, to]);
  for (;;) {
    const rows = await tx.query<Row & Record<string, unknown>>(`fetch ${FETCH} from audited`);
    for (const row of rows) collector.add(row);
    if (rows.length < FETCH) break;
  }
  await tx.query('close audited');
  return collector.done();
}

interface Promised {
  readonly floor: number;
  readonly floorSince: Date;
  /** The policy may leave candidates out. */
  readonly limited: boolean;
}

class Collector {
  private readonly choices = new PropensitySums();
  private readonly slates = new SlotSums();
  private readonly seeds = new Set<string>();
  private readonly broken = new Map<number, number>();
  private decisions = 0;
  private failures = 0;
  private repeated = 0;

  constructor(private readonly promised: Promised) {}

  add(row: Row): void {
    this.decisions += 1;
    if (row.fallback !== null) {
      if (FAILURES.has(row.reason)) this.failures += 1;
      return;
    }
    if (this.seeds.has(row.seed)) {
      this.repeated += 1;
      return;
    }
    this.seeds.add(row.seed);
    const before = this.choices.faults + this.slates.mismatched;
    this.count(row);
    const version = row.version ?? 0;
    if (this.choices.faults + this.slates.mismatched > before)
      this.broken.set(version, (this.broken.get(version) ?? 0) + 1);
  }

  done(): Collected {
    const [worst] = [...this.broken].sort((a, b) => b[1] - a[1] || b[0] - a[0]);
    return {
      brokenVersion: worst?.[0] ?? null,
      findings: {
        decisions: this.decisions,
        failures: this.failures,
        repeated: this.repeated,
        choices: this.choices.result(),
        slates: this.slates.result(),
      },
    };
  }

  private count(row: Row): void {
    const { candidates, propensity, chosen } = row;
    if (row.kind === 'action') {
      const { limited } = this.promised;
      const probabilities = row.probabilities ?? [];
      const floor = row.at >= this.promised.floorSince ? this.promised.floor : 0;
      this.choices.add({ candidates, probabilities, propensity, chosen: String(chosen), floor, limited });
      return;
    }
    const placed = Array.isArray(chosen) ? (chosen as unknown as readonly { propensity: number }[]) : [];
    this.slates.add(
      placed.map((one) => one.propensity),
      propensity,
      candidates.length,
    );
  }
}
