import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { z } from 'zod';

export interface ReferenceReport {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly { readonly id: string; readonly differences: readonly string[] }[];
}

/** How far a number may be from its reference: relative * |want| + absolute. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** Collects what differs within one case. */
export class Comparison {
  readonly differences: string[] = [];

  near(name: string, got: number, want: number, { relative, absolute }: Tolerance): void {
    if (!(Math.abs(got - want) <= relative * Math.abs(want) + absolute))
      this.differences.push(`${name}: got ${got}, want ${want}`);
  }

  nearAll(name: string, got: ArrayLike<number>, want: ArrayLike<number>, tolerance: Tolerance): void {
    if (got.length !== want.length)
      this.differences.push(`${name}: got ${got.length} numbers, want ${want.length}`);
    for (let i = 0; i < Math.min(got.length, want.length); i++)
      this.near(`${name}/${i}`, got[i] as number, want[i] as number, tolerance);
  }

  equal(name: string, got: unknown, want: unknown): void {
    if (JSON.stringify(got) !== JSON.stringify(want))
      this.differences.push(`${name}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  }

  fail(message: string): void {
    this.differences.push(message);
  }
}

/** Runs cases one by one; one that throws has failed, and the others still run. */
export class Cases {
  private passed = 0;
  private readonly failures: { id: string; differences: string[] }[] = [];

  run(id: string, check: (compare: Comparison) => void): void {
    const compare = new Comparison();
    try {
      check(compare);
    } catch (error) {
      compare.fail(`threw ${error instanceof Error ? error.message : String(error)}`);
    }
    if (compare.differences.length === 0) this.passed++;
    else this.failures.push({ id, differences: compare.differences });
  }

  report(): ReferenceReport {
    return { passed: this.passed, failed: this.failures.length, failures: this.failures };
  }
}

/** @throws Error with one sentence naming the place that does not fit. */
export function parseDocument<T>(schema: z.ZodType<T>, document: unknown, what: string): T {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new Error(`The file holds no ${what}: /${issue?.path.join('/') ?? ''} ${issue?.message ?? ''}`);
}

/** The first number that a definition states in words, e.g. the seed of the resamples; `fallback` where it is silent. */
export function stated(text: string | undefined, pattern: RegExp, fallback: number): number {
  const found = text === undefined ? null : pattern.exec(text);
  return found ? Number(found[1]) : fallback;
}

/** `marquee verify NAME FILE`: prints the failing cases and how many passed and failed; exit code 1 if any failed. */
export function registerReferenceCommand(
  verify: Command,
  name: string,
  description: string,
  run: (document: unknown, data: string | undefined) => ReferenceReport,
): void {
  const command = verify
    .command(name)
    .description(description)
    .argument('<file>', 'reference cases, a JSON document')
    .option('--data <dir>', 'directory of the data set that the cases are about, where they need one')
    .option('--json', 'print one JSON document');
  command.action((file: string, options: { data?: string; json?: boolean }) => {
    try {
      const report = run(JSON.parse(readFileSync(file, 'utf8')), options.data);
      process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : describe(report));
      if (report.failed > 0) process.exitCode = 1;
    } catch (error) {
      command.error(`${file}: ${(error as Error).message}`);
    }
  });
}

function describe({ passed, failed, failures }: ReferenceReport): string {
  const lines = [
    ...failures.map(({ id, differences }) => `FAILED ${id} ${differences.join('; ')}`),
    `${passed} passed, ${failed} failed`,
  ];
  return `${lines.join('\n')}\n`;
}
