import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { parseReferenceCases, runReferenceCase } from '#metrics';
import type { ReferenceOutcome } from '#metrics';

export interface StatsReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly {
    readonly id: string;
    readonly method: string;
    readonly differences: readonly string[];
  }[];
  /** Methods of the file that are not implemented, with how many cases each has. */
  readonly skippedMethods: readonly { readonly method: string; readonly cases: number }[];
}

/**
 * Runs reference cases of statistical methods (format of `stats.json`).
 * @throws Error with one sentence when the document holds no such cases.
 */
export function verifyStats(document: unknown): StatsReport {
  const outcomes = casesOf(document).map(runReferenceCase);
  const withStatus = (status: ReferenceOutcome['status']) =>
    outcomes.filter((outcome) => outcome.status === status);
  const skipped = withStatus('skipped');
  const methods = [...new Set(skipped.map(({ method }) => method))];
  return {
    passed: withStatus('passed').length,
    failed: withStatus('failed').length,
    skipped: skipped.length,
    failures: withStatus('failed').map(({ id, method, differences }) => ({ id, method, differences })),
    skippedMethods: methods.map((method) => ({
      method,
      cases: skipped.filter((outcome) => outcome.method === method).length,
    })),
  };
}

function casesOf(document: unknown): ReturnType<typeof parseReferenceCases> {
  try {
    const cases = parseReferenceCases(document);
    if (cases.length > 0) return cases;
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const where = error.issues[0]?.path.join('/') ?? '';
    throw new Error(`The file holds no statistics cases: ${where} ${error.issues[0]?.message ?? ''}`, {
      cause: error,
    });
  }
  throw new Error('The file holds no statistics cases: the list is empty');
}

/** `marquee verify stats FILE`. */
export function registerVerifyStats(verify: Command): void {
  const command = verify
    .command('stats')
    .description('check statistical methods against reference cases computed by R, scipy and others')
    .argument('<file>', 'reference cases, a JSON array')
    .option('--data <dir>', 'directory of data sets; statistics cases need none')
    .option('--json', 'print one JSON document');
  command.action((file: string, options: { json?: boolean }) => {
    try {
      const report = verifyStats(JSON.parse(readFileSync(file, 'utf8')));
      process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : describe(report));
      if (report.failed > 0) process.exitCode = 1;
    } catch (error) {
      command.error(`${file}: ${(error as Error).message}`);
    }
  });
}

function describe(report: StatsReport): string {
  const methods = report.skippedMethods.map(({ method, cases }) => `${method} (${cases})`).join(', ');
  const lines = [
    ...(methods === '' ? [] : [`${report.skipped} skipped, not implemented: ${methods}`]),
    ...report.failures.map(({ id, differences }) => `FAILED ${id} ${differences.join('; ')}`),
    `${report.passed} passed, ${report.failed} failed`,
  ];
  return `${lines.join('\n')}\n`;
}
