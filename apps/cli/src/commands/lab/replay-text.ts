import { z } from 'zod';
import { alignedColumns, figure } from '../aligned.js';

const decisionSchema = z.looseObject({
  id: z.string(),
  at: z.string(),
  unitId: z.string(),
  version: z.number(),
  served: z.array(z.string()),
  candidate: z.array(z.string()),
  propensity: z.number(),
  probability: z.number(),
  weight: z.number(),
});
export type Replayed = z.output<typeof decisionSchema>;

export const pageSchema = z.looseObject({
  policyId: z.string(),
  candidate: z.looseObject({ policyId: z.string(), version: z.union([z.number(), z.literal('logged')]) }),
  from: z.string(),
  to: z.string(),
  items: z.array(decisionSchema),
  totals: z.looseObject({
    decisions: z.number(),
    differ: z.number(),
    differShare: z.number().nullable(),
    meanProbability: z.number().nullable(),
    meanPropensity: z.number().nullable(),
    meanWeight: z.number().nullable(),
    effectiveSampleSize: z.number().nullable(),
    largestWeights: z.array(z.object({ id: z.string(), weight: z.number() })),
    skipped: z.array(z.object({ reason: z.string(), decisions: z.number(), detail: z.string() })),
  }),
  nextCursor: z.string().nullable(),
});
export type Page = z.output<typeof pageSchema>;

/** Totals of the whole replay, and the decisions that were collected. @param last the last page. */
export function describeReplay(last: Page, shown: readonly Replayed[]): string {
  const { totals, candidate } = last;
  const by =
    candidate.version === 'logged'
      ? 'the versions that served'
      : `${candidate.policyId}, version ${candidate.version}`;
  const largest = totals.largestWeights[0];
  const rows = [
    ['decisions', String(totals.decisions)],
    [
      'another choice',
      `${totals.differ} (${totals.differShare === null ? '–' : `${figure(100 * totals.differShare)} %`})`,
    ],
    [
      'probability of what was served',
      `${figure(totals.meanProbability)}; ${figure(totals.meanPropensity)} when it was served`,
    ],
    ['mean weight', `${figure(totals.meanWeight)}; worth ${figure(totals.effectiveSampleSize)} decisions`],
    ['largest weight', largest ? `${figure(largest.weight)} (${largest.id})` : '–'],
    ...totals.skipped.map(({ reason, decisions, detail }) => [
      'left out',
      `${decisions}, ${reason}: ${detail}`,
    ]),
  ];
  const head = `Replay of ${last.policyId} through ${by}, ${last.from} to ${last.to}\n`;
  if (shown.length === 0) return head + alignedColumns(rows, new Set());
  const table = alignedColumns(
    [
      [
        'at',
        'unit',
        'version',
        'served',
        'candidate',
        'served with',
        'under the candidate',
        'weight',
        'decision',
      ],
      ...shown.map((one) => [
        one.at,
        one.unitId,
        String(one.version),
        one.served.join(' '),
        one.candidate.join(' '),
        figure(one.propensity),
        figure(one.probability),
        figure(one.weight),
        one.id,
      ]),
    ],
    new Set([2, 5, 6, 7]),
  );
  return `${head}${alignedColumns(rows, new Set())}\n${table}`;
}
