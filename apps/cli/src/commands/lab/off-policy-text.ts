import { z } from 'zod';
import { alignedColumns, figure } from '../aligned.js';

const range = z.object({ lower: z.number(), upper: z.number() });
type Range = z.output<typeof range>;

export const runSchema = z.looseObject({
  id: z.number(),
  policyId: z.string(),
  at: z.string(),
  actor: z.string(),
  candidate: z.looseObject({
    kind: z.enum(['policy', 'version', 'params']),
    policyId: z.string(),
    version: z.number().nullable(),
    hash: z.string(),
  }),
  answer: z.string(),
  gate: z.looseObject({
    prose: z.string(),
    clauses: z.array(z.looseObject({ title: z.string(), holds: z.boolean(), prose: z.string() })),
  }),
});
export type Run = z.output<typeof runSchema>;

export const detailSchema = runSchema.extend({
  result: z.looseObject({
    baseline: z.object({ value: z.number(), interval: range }),
    estimates: z.array(
      z.looseObject({
        title: z.string(),
        value: z.number().nullable(),
        interval: range.nullable(),
        bootstrap: range.nullable(),
        bound: range.nullable(),
        reason: z.string().optional(),
      }),
    ),
    difference: z.looseObject({ value: z.number(), bound: range }),
    diagnostics: z.looseObject({
      n: z.number(),
      clusters: z.number(),
      effectiveSampleSize: z.number(),
      largestWeight: z.number(),
      meanWeight: z.number(),
      meanWeightZ: z.number().nullable(),
      clippedMass: z.number(),
      clipLimit: z.number(),
      support: z.looseObject({ kind: z.string(), violations: z.number() }),
      slots: z
        .array(
          z.looseObject({
            slot: z.number(),
            meanReward: z.number(),
            effectivePrefix: z.number(),
            effectiveSlot: z.number().nullable(),
            largestWeight: z.number(),
            meanWeight: z.number(),
            meanWeightZ: z.number().nullable(),
          }),
        )
        .optional(),
    }),
    log: z.looseObject({
      kind: z.enum(['action', 'slate']).default('action'),
      from: z.string(),
      to: z.string(),
      matching: z.number(),
      cut: z.boolean(),
      learnedOn: z.number(),
      warmStarted: z.number().default(0),
    }),
  }),
});
export type Detail = z.output<typeof detailSchema>;

const between = (ends: Range | null): string =>
  ends ? `${figure(ends.lower)} … ${figure(ends.upper)}` : '–';

export function candidateName({ candidate, policyId }: Run): string {
  if (candidate.kind === 'policy') return candidate.policyId;
  if (candidate.kind === 'version') return `version ${candidate.version ?? '–'} of ${policyId}`;
  return `parameters ${candidate.hash.slice(0, 8)} of ${policyId}`;
}

/** Runs, the newest first: id, time, candidate, answer and why. */
export const describeRuns = (runs: readonly Run[]): string =>
  alignedColumns(
    [
      ['run', 'at', 'candidate', 'gate', 'why'],
      ...runs.map((run) => [
        String(run.id),
        run.at.slice(0, 16).replace('T', ' '),
        candidateName(run),
        run.answer,
        run.gate.prose,
      ]),
    ],
    new Set([0]),
  );

/** One run: the answer with its clauses, the estimates, the diagnostics, and of slates every position. */
export function describeRun(run: Detail): string {
  const { baseline, difference, estimates, log } = run.result;
  const one = log.kind === 'slate' ? 'slate' : 'decision';
  return [
    `Run ${run.id}: may ${candidateName(run)} take traffic? ${run.answer}\n${run.gate.prose}\n`,
    alignedColumns(
      run.gate.clauses.map(({ holds, title, prose }) => [holds ? 'holds' : 'fails', title, prose]),
      new Set(),
    ),
    `The log earned ${figure(baseline.value)} per ${one} (${between(baseline.interval)}). Candidate minus log: ${figure(difference.value)}, bound ${between(difference.bound)}.\n`,
    alignedColumns(
      [
        ['estimator', 'value', 'interval', 'bootstrap', 'bound', 'note'],
        ...estimates.map(({ title, value, interval, bootstrap, bound, reason = '' }) => [
          title,
          figure(value),
          between(interval),
          between(bootstrap),
          between(bound),
          reason,
        ]),
      ],
      new Set([1, 2, 3, 4]),
    ),
    diagnosticsOf(run),
    positionsOf(run),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function diagnosticsOf({ result: { diagnostics: d, log } }: Detail): string {
  const things = log.kind === 'slate' ? 'slates' : 'decisions';
  const read = log.cut ? `the newest of ${log.matching}` : `${log.from} to ${log.to}`;
  const learned = log.learnedOn > 0 ? `, after learning ${log.learnedOn} older ones` : '';
  const warm = log.warmStarted > 0 ? `, without ${log.warmStarted} that its warm start learned from` : '';
  const rows = [
    [things, `${d.n} of ${d.clusters} units, ${read}${learned}${warm}`],
    ['effective sample', figure(d.effectiveSampleSize)],
    [
      'largest weight',
      `${figure(d.largestWeight)}, ${figure(100 * d.clippedMass)} % of the weight is above ${d.clipLimit}`,
    ],
    ['mean weight', `${figure(d.meanWeight)}, z ${figure(d.meanWeightZ)}`],
    ['overlap', `${d.support.kind}, ${d.support.violations} ${things} without`],
  ];
  return alignedColumns(rows, new Set());
}

function positionsOf({ result: { diagnostics } }: Detail): string {
  if (!diagnostics.slots) return '';
  const rows = diagnostics.slots.map((slot) => [
    String(slot.slot + 1),
    figure(slot.meanReward),
    figure(slot.effectivePrefix),
    figure(slot.effectiveSlot),
    figure(slot.largestWeight),
    figure(slot.meanWeight),
    figure(slot.meanWeightZ),
  ]);
  const headings = [
    'position',
    'mean reward',
    'sample down to here',
    'sample here alone',
    'largest weight',
    'mean weight',
    'z',
  ];
  return alignedColumns([headings, ...rows], new Set(headings.keys()));
}
