import type { Claim } from './claim.js';
import { claimRegistry } from './claims/index.js';
import { runPieces } from './pool.js';
import { judge, piecesOf } from './run-claims.js';
import type { Finding } from './run-claims.js';
import { tableOf } from './table.js';
import { Tally } from './tally.js';

export interface CalibrateOptions {
  /** Keys of claims; empty for all. */
  readonly only: readonly string[];
  /** Multiplies the number of runs of every claim, which stays at least that of its short run; bands follow. 0: the short run. */
  readonly scale: number;
  readonly json: boolean;
  readonly threads: number;
}

export const claimKeys: readonly string[] = claimRegistry.list().map(({ key }) => key);

/**
 * Runs the claims and prints what they found: the result on standard output, progress on standard error.
 * @returns whether every claim is inside its band and every negative control outside.
 */
export async function calibrate(options: CalibrateOptions): Promise<boolean> {
  const claims = claimRegistry
    .list()
    .filter(({ key }) => options.only.length === 0 || options.only.includes(key));
  const began = performance.now();
  const findings = await findingsOf(claims, options);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage();
  const processorSeconds = (user + system) / 1e6;
  const failed = findings.filter(({ met }) => !met).length;
  const met = failed === 0;
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ scale: options.scale, seconds, processorSeconds, met, findings }, null, 2)}\n`,
    );
    return met;
  }
  const summary = met ? 'all as they should be' : `${failed} not as they should be`;
  process.stdout.write(
    `${tableOf(findings)}\n\n${findings.length} checks of ${claims.length} claims in ${seconds.toFixed(0)} s (${processorSeconds.toFixed(0)} s of processor time): ${summary}.\n`,
  );
  return met;
}

async function findingsOf(claims: readonly Claim[], options: CalibrateOptions): Promise<Finding[]> {
  const tallies = new Map(claims.map(({ key }) => [key, new Tally()]));
  const pieces = claims.flatMap((claim) =>
    piecesOf(claim, Math.max(claim.shortRuns, Math.round(claim.runs * options.scale))),
  );
  const left = new Map(claims.map(({ key }) => [key, pieces.filter(({ claim }) => claim === key).length]));
  const spent = new Map<string, number>();
  const collected = new Map<string, Map<number, () => void>>(claims.map(({ key }) => [key, new Map()]));
  await runPieces(pieces, options.threads, ({ piece, entries, milliseconds }) => {
    const { claim } = piece;
    collected.get(claim)?.set(piece.index, () => tallies.get(claim)?.merge(entries));
    spent.set(claim, (spent.get(claim) ?? 0) + milliseconds);
    left.set(claim, (left.get(claim) ?? 0) - 1);
    if (left.get(claim) === 0)
      process.stderr.write(`  ${claim}: ${((spent.get(claim) ?? 0) / 1000).toFixed(1)} s\n`);
  });
  // In the order of the pieces, so that sums round alike whichever thread was faster.
  for (const merges of collected.values())
    [...merges].sort(([a], [b]) => a - b).forEach(([, merge]) => merge());
  return claims.flatMap((claim) => judge(claim, tallies.get(claim.key) as Tally));
}
