import { execFile } from 'node:child_process';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { atMost, hasProbability, mustFail } from './claim.js';
import type { Check, Claim } from './claim.js';
import { claimRegistry } from './claims/index.js';
import { PIECES, judge, piecesOf, runClaim, runPiece } from './run-claims.js';
import type { Finding } from './run-claims.js';
import { tableOf } from './table.js';
import { Tally } from './tally.js';

/** Milliseconds; the short run takes some 20 seconds of processor time, which a busy machine may stretch. */
const PATIENCE = 300_000;

// In a process of its own: here every use of a global is slowed down several times.
describe('npm run calibrate -- --short', () => {
  let result: { readonly met: boolean; readonly findings: readonly Finding[] };

  beforeAll(async () => {
    const command = ['scripts/calibrate.mjs', '--short', '--json'];
    const stdout = await new Promise<string>((resolve) =>
      execFile(process.execPath, command, { maxBuffer: 1e8 }, (_error, output) => resolve(output)),
    );
    result = JSON.parse(stdout) as typeof result;
  }, PATIENCE);

  it.each(claimRegistry.list().map((claim) => [claim.key, claim] as const))('%s', (key, claim) => {
    const findings = result.findings.filter((finding) => finding.claim === key);
    expect(findings.length).toBe(claim.checks.length);
    expect(findings.filter(({ met }) => !met)).toEqual([]);
  });

  it('says that everything is as it should be', () => expect(result.met).toBe(true));

  it(
    'names its options and claims when it does not know one',
    async () => {
      const complaint = (...args: string[]): Promise<string> =>
        new Promise((resolve) =>
          execFile(process.execPath, ['scripts/calibrate.mjs', ...args], (error, _output, message) =>
            resolve(`${(error as { code?: number } | null)?.code}: ${message}`),
          ),
        );
      expect(await complaint('--scale', '0')).toMatch(/1: [^]*"--scale" is not an option.*--only NAME/);
      expect(await complaint('--only', 'nothing')).toMatch(
        /1: [^]*"nothing" is not a claim; known are welch/,
      );
    },
    PATIENCE,
  );
});

/** A method that errs with this probability. */
const errsWith = (p: number, checks: readonly Check[]): Claim => ({
  key: 'errs',
  title: 'Errs',
  design: 'coin',
  runs: 20_000,
  shortRuns: 2000,
  simulate(sampler, runs, tally) {
    for (let i = 0; i < runs; i++) tally.add('error', sampler.uniform() < p);
  },
  checks,
});

describe('the calibration itself', () => {
  const exact = hasProbability('error', 'errs', 0.05);
  const limit = atMost('error', 'errs', 0.05);

  it('accepts what keeps its promise and nothing else', () => {
    const met = (p: number, check: Check): boolean | undefined =>
      runClaim(errsWith(p, [check]), 20_000)[0]?.met;
    expect([0.05, 0.065, 0.035].map((p) => met(p, exact))).toEqual([true, false, false]);
    expect([0.05, 0.065, 0.035].map((p) => met(p, limit))).toEqual([true, false, true]);
    expect([0.05, 0.3].map((p) => met(p, mustFail(limit)))).toEqual([false, true]);
  });

  it('accepts nothing that was not measured, a negative control neither', () => {
    const claim = { ...errsWith(0.05, [exact, mustFail(exact)]), simulate: () => undefined };
    expect(runClaim(claim, 10).map(({ met }) => met)).toEqual([false, false]);
  });

  it('makes every run once, in pieces that any thread may make', () => {
    const claim = errsWith(0.05, [exact]);
    const pieces = piecesOf(claim, 1003);
    expect(pieces.length).toBe(PIECES);
    expect(pieces.reduce((sum, { runs }) => sum + runs, 0)).toBe(1003);
    expect(piecesOf(claim, 3).length).toBe(3);
    const tally = new Tally();
    for (const piece of pieces.toReversed()) tally.merge(runPiece(claim, piece));
    expect(judge(claim, tally)).toEqual(runClaim(claim, 1003));
  });

  it('prints one line per check with band, observation and result', () => {
    const table = tableOf(runClaim(errsWith(0.2, [exact, mustFail(limit)]), 2000)).split('\n');
    expect(table.length).toBe(4);
    expect(table[2]).toMatch(/Errs .*3\.45 % to 6\.65 %.*outside FAILED/);
    expect(table[3]).toMatch(/<= 6\.55 %.*outside, must be outside \|/);
  });
});
