import { z } from 'zod';
import type { ApiClient } from './api-client.js';

const interval = z.object({
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  level: z.number().optional(),
});
const side = z.object({ n: z.number(), mean: z.number().nullable() });
const reportSchema = z.object({
  title: z.string(),
  verdict: z.object({ kind: z.string(), sentence: z.string() }),
  health: z.array(
    z.object({ key: z.string(), title: z.string(), status: z.string(), explanation: z.string() }),
  ),
  missing: z.array(z.string()).default([]),
  results: z.array(
    z.object({
      metric: z.string(),
      title: z.string(),
      role: z.string(),
      arm: z.string(),
      effect: z.object({
        reason: z.string().nullable().optional(),
        estimate: z.number().nullable(),
        interval: interval.nullable(),
        control: side,
        treatment: side,
        relative: z.object({ estimate: z.number().nullable(), interval: interval.nullable() }),
        estimator: z.string(),
        evidence: z.object({ kind: z.string(), value: z.number() }).nullable(),
      }),
    }),
  ),
});
export type LiftReport = z.output<typeof reportSchema>;

/** `GET /v1/experiments/:key/report`. */
export async function fetchReport(api: ApiClient, experiment: string): Promise<LiftReport> {
  return reportSchema.parse(
    await api.persist('GET', `/v1/experiments/${encodeURIComponent(experiment)}/report`),
  );
}

const percent = (value: number | null): string =>
  value === null ? '-' : `${value > 0 ? '+' : ''}${(100 * value).toFixed(1)} %`;

/** The lift with its interval; where a lift has no interval (a control near 0), the difference with its own. */
function liftText({ effect }: LiftReport['results'][number]): string {
  const { estimate, interval: range } = effect.relative;
  if (estimate !== null && range && (range.lower !== null || range.upper !== null)) {
    return `${percent(estimate)} (${percent(range.lower)} to ${percent(range.upper)})`;
  }
  const ends = effect.interval;
  if (effect.estimate === null || !ends) return `none yet${effect.reason ? ` (${effect.reason})` : ''}`;
  return `difference ${numberText(effect.estimate)} (${numberText(ends.lower)} to ${numberText(ends.upper)})`;
}

const numberText = (value: number | null): string => (value === null ? '-' : value.toPrecision(4));

/** The report as a table for a terminal; verdict first, then health checks that did not pass. */
export function formatReport(report: LiftReport): string {
  const rows = report.results.map((result) => [
    result.title,
    result.arm,
    result.effect.control.n.toLocaleString('en'),
    result.effect.treatment.n.toLocaleString('en'),
    numberText(result.effect.control.mean),
    numberText(result.effect.treatment.mean),
    liftText(result),
  ]);
  const head = ['metric', 'arm', 'n control', 'n arm', 'control', 'arm', 'lift (interval)'];
  const widths = head.map((text, i) => Math.max(text.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (i >= 2 && i <= 5 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join('  ')}`.trimEnd();
  const concerns = report.health.filter((check) => check.status === 'fail' || check.status === 'warn');
  return [
    '',
    report.title,
    `  ${report.verdict.sentence}`,
    ...concerns.map((check) => `  ${check.status.toUpperCase()} ${check.title}: ${check.explanation}`),
    ...report.missing.map((sentence) => `  Missing: ${sentence}`),
    '',
    line(head),
    ...rows.map(line),
    `  method: ${[...new Set(report.results.map((result) => result.effect.estimator))].join(', ')}`,
    '',
  ].join('\n');
}
