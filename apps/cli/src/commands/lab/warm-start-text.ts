import { z } from 'zod';
import { alignedColumns, figure } from '../aligned.js';

export const warmStartSchema = z.looseObject({
  id: z.number(),
  policyId: z.string(),
  source: z.discriminatedUnion('kind', [
    z.looseObject({ kind: z.literal('policy'), policyId: z.string() }),
    z.looseObject({
      kind: z.literal('experiment'),
      experiment: z.string(),
      arms: z.array(z.string()).nullable(),
    }),
  ]),
  from: z.string(),
  to: z.string(),
  heldOut: z
    .object({ by: z.enum(['time', 'unit']), share: z.number(), from: z.string(), to: z.string() })
    .nullable(),
  status: z.enum(['queued', 'running', 'succeeded', 'failed']),
  matching: z.number(),
  read: z.number(),
  decisions: z.number(),
  rewards: z.number(),
  meanReward: z.number().nullable(),
  version: z.number().nullable(),
  error: z.string().nullable(),
});
export type WarmStart = z.output<typeof warmStartSchema>;

function sourceName({ source }: WarmStart): string {
  if (source.kind === 'policy') return `the log of ${source.policyId}`;
  return `${source.arms === null ? 'all arms' : source.arms.join(', ')} of ${source.experiment}`;
}

/** What was learned from where, and how it is judged next. */
export function describeWarmStart(warm: WarmStart): string {
  const { heldOut, source } = warm;
  const held =
    heldOut === null
      ? 'nothing'
      : `${figure(100 * heldOut.share)} % by ${heldOut.by}, ${heldOut.from} to ${heldOut.to}`;
  const rows = [
    [
      'decisions',
      `${warm.read} of ${warm.matching} read, ${warm.decisions} learned, ${warm.from} to ${warm.to}`,
    ],
    ['mean reward', `${figure(warm.meanReward)} over ${warm.rewards} rewards`],
    ['held out', held],
    ...(warm.version === null ? [] : [['version', String(warm.version)]]),
  ];
  const next =
    warm.status === 'succeeded' && source.kind === 'policy' && heldOut !== null
      ? `Judge it on the rest: marquee off-policy run ${source.policyId} --candidate ${warm.policyId} --from ${heldOut.from} --to ${heldOut.to}\n`
      : '';
  return [
    `Warm start ${warm.id} of ${warm.policyId} from ${sourceName(warm)}: ${warm.status}${warm.error === null ? '' : `, ${warm.error}`}\n`,
    alignedColumns(rows, new Set()),
    next,
  ].join('');
}
