import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from './api-client.js';
import type { Connection } from './connection.js';
import { fetchReport, formatReport, type LiftReport } from './lift-report.js';

const patienceMs = 120_000;

/**
 * The report once everything that was sent is counted: when there are units and the numbers stand still. (A rollup that
 * has much to catch up on, as after the start of the demo world, may keep a new experiment waiting.)
 */
async function settledReport(api: ApiClient, experiment: string): Promise<LiftReport> {
  const giveUpAt = Date.now() + patienceMs;
  let before = '';
  for (;;) {
    const report = await fetchReport(api, experiment);
    const now = JSON.stringify(report.results);
    if ((now === before && /"n":[1-9]/.test(now)) || Date.now() > giveUpAt) return report;
    before = now;
    await sleep(2_500);
  }
}

export interface FinishOptions {
  readonly experiment: string;
  readonly json: boolean;
  /** What the replay itself counted, for comparison with the report. */
  readonly tallies: ReadonlyMap<string, object>;
}

/** Ends a replay: lift report in the terminal, and where to see it. */
export async function finish(api: ApiClient, connection: Connection, options: FinishOptions): Promise<void> {
  const report = await settledReport(api, options.experiment);
  const tallies = Object.fromEntries(options.tallies);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ experiment: options.experiment, tallies, report })}\n`);
    return;
  }
  process.stdout.write(formatReport(report));
  for (const [arm, tally] of Object.entries(tallies)) {
    const counts = Object.entries(tally as Record<string, number>).map(([name, count]) => `${name} ${count}`);
    process.stdout.write(`  counted while replaying, ${arm}: ${counts.join(', ')}\n`);
  }
  const base = connection.dashboard ?? connection.api;
  process.stdout.write(`  dashboard: ${base.replace(/\/+$/, '')}/experiments/${options.experiment}\n\n`);
}
