import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { chooseVariation, getBucketRanges, getEqualWeights, hash, inNamespace } from '#experiments';
import { EVALUATION_CHECKS } from './growthbook-checks.js';
import type { Check } from './growthbook-checks.js';

/** GrowthBook's published numbers are rounded; ours must agree within this. */
const TOLERANCE = 1e-6;

const numbers = z.array(z.number());
const range = z.tuple([z.number(), z.number()]);

/** Reads one case of a kind and computes our answer; throws ZodError when the case has another layout. */
const CHECKS: Readonly<Record<string, Check>> = {
  ...EVALUATION_CHECKS,
  hash: (input) => {
    const [seed, value, version, expected] = z
      .tuple([z.string(), z.string(), z.number(), z.number().nullable()])
      .parse(input);
    return {
      title: `seed "${seed}", value "${value}", version ${version}`,
      expected,
      actual: hash(seed, value, version),
    };
  },
  getBucketRange: (input) => {
    const parameters = z.tuple([z.number(), z.number(), numbers.nullable()]);
    const [title, [arms, coverage, weights], expected] = z
      .tuple([z.string(), parameters, z.array(range)])
      .parse(input);
    return { title, expected, actual: getBucketRanges(arms, coverage, weights) };
  },
  chooseVariation: (input) => {
    const [title, n, ranges, expected] = z
      .tuple([z.string(), z.number(), z.array(range), z.number()])
      .parse(input);
    return { title, expected, actual: chooseVariation(n, ranges) };
  },
  inNamespace: (input) => {
    const namespace = z.tuple([z.string(), z.number(), z.number()]);
    const [title, id, parameters, expected] = z
      .tuple([z.string(), z.string(), namespace, z.boolean()])
      .parse(input);
    return { title, expected, actual: inNamespace(id, parameters) };
  },
  getEqualWeights: (input) => {
    const [n, expected] = z.tuple([z.number(), numbers]).parse(input);
    return { title: `${n} arms`, expected, actual: getEqualWeights(n) };
  },
};

/** Why a kind of GrowthBook's file is no case for a server. */
const SKIPPED: Readonly<Record<string, string>> = {
  decrypt: 'does not apply: an SDK decrypts payloads in the browser; a server holds them in the clear',
  urlRedirect: 'does not apply: only a browser follows redirects',
};

export interface HashingReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly { readonly kind: string; readonly index: number; readonly message: string }[];
  readonly skippedKinds: readonly {
    readonly kind: string;
    readonly cases: number;
    readonly reason: string;
  }[];
}

function agrees(expected: unknown, actual: unknown): boolean {
  if (typeof expected === 'number' && typeof actual === 'number')
    return Math.abs(expected - actual) <= TOLERANCE;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return expected.length === actual.length && expected.every((value, i) => agrees(value, actual[i]));
  }
  if (isObject(expected) && isObject(actual)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...keys].every((key) => agrees(expected[key], actual[key]));
  }
  return expected === actual;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function failureOf(kind: string, input: unknown): string | null {
  try {
    const outcome = CHECKS[kind]?.(input);
    if (!outcome || agrees(outcome.expected, outcome.actual)) return null;
    return `${outcome.title}: expected ${JSON.stringify(outcome.expected)}, got ${JSON.stringify(outcome.actual)}`;
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    return `the case has an unexpected layout: ${error.issues[0]?.message ?? ''} in ${JSON.stringify(input)}`;
  }
}

/**
 * Runs the cases of a file in the layout of GrowthBook's `cases.json` (an object of lists by kind).
 * @throws Error with one sentence when no known kind is in it.
 */
export function verifyHashing(document: unknown): HashingReport {
  const kinds = z.record(z.string(), z.unknown()).safeParse(document);
  const lists = Object.entries(kinds.success ? kinds.data : {}).filter(
    (entry): entry is [string, unknown[]] => Array.isArray(entry[1]),
  );
  if (!lists.some(([kind]) => Object.hasOwn(CHECKS, kind))) {
    throw new Error(
      `The file holds no hashing cases: expected an object with lists named ${Object.keys(CHECKS).join(', ')}`,
    );
  }
  const covered = lists.filter(([kind]) => Object.hasOwn(CHECKS, kind));
  const failures = covered.flatMap(([kind, cases]) =>
    cases.flatMap((input, index) => {
      const message = failureOf(kind, input);
      return message === null ? [] : [{ kind, index, message }];
    }),
  );
  const skippedKinds = lists
    .filter(([kind]) => !Object.hasOwn(CHECKS, kind))
    .map(([kind, cases]) => ({
      kind,
      cases: cases.length,
      reason: SKIPPED[kind] ?? 'this kind is not known here',
    }));
  const total = covered.reduce((sum, [, cases]) => sum + cases.length, 0);
  return {
    passed: total - failures.length,
    failed: failures.length,
    skipped: skippedKinds.reduce((sum, { cases }) => sum + cases, 0),
    failures,
    skippedKinds,
  };
}

/** `marquee verify hashing FILE`. */
export function registerVerifyHashing(verify: Command): void {
  const command = verify
    .command('hashing')
    .description(
      'check hashing, conditions, features, experiments and stickiness against GrowthBook’s reference cases',
    )
    .argument('<file>', 'reference cases, in the layout of GrowthBook’s cases.json')
    .option('--data <dir>', 'directory of data sets; hashing cases need none')
    .option('--json', 'print one JSON document');
  command.action((file: string, options: { json?: boolean }) => {
    try {
      const report = verifyHashing(JSON.parse(readFileSync(file, 'utf8')));
      process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : describe(report));
      if (report.failed > 0) process.exitCode = 1;
    } catch (error) {
      command.error(`${file}: ${(error as Error).message}`);
    }
  });
}

function describe(report: HashingReport): string {
  const lines = [
    ...report.skippedKinds.map(({ kind, cases, reason }) => `skipped ${kind} (${cases}): ${reason}`),
    ...report.failures.map(({ kind, index, message }) => `FAILED ${kind}[${index}] ${message}`),
    `${report.passed} passed, ${report.failed} failed`,
  ];
  return `${lines.join('\n')}\n`;
}
