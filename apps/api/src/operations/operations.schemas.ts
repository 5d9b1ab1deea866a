import { z } from 'zod';
import { limitField, textField } from '../http/fields.js';

const count = z.int().min(0);
const seconds = z.number().min(0).nullable();

const queueStateSchema = z.object({
  name: z.string(),
  waiting: count,
  active: count,
  delayed: count,
  failed: count,
  oldestAgeSeconds: seconds.describe('Age of the job that has waited longest; null when none waits.'),
});
export type QueueState = z.output<typeof queueStateSchema>;

export const operationsSchema = z.object({
  queues: z.array(queueStateSchema),
  rates: z.object({
    decisionsPerMinute: z.number(),
    eventsPerMinute: z.number(),
    fallbackShare: z.number().nullable(),
  }),
  spool: z
    .object({ pending: count, oldestAgeSeconds: seconds })
    .describe('Records that wait on the disks of the HTTP processes.'),
  quarantine: z.object({ count }),
  policies: z.array(
    z.object({
      id: z.string(),
      servingVersion: z.int().nullable(),
      snapshotAgeSeconds: seconds,
      pendingRewards: count,
      audit: z
        .object({
          status: z.enum(['ok', 'too-few', 'alarm', 'failed']),
          at: z.string(),
          reasons: z.array(z.string()),
        })
        .nullable()
        .describe('The last audit of logged propensities; null before the first.'),
    }),
  ),
  database: z.object({ ok: z.boolean(), sizeBytes: z.number() }),
  processes: z.array(z.object({ role: z.string(), startedAt: z.string(), lastSeenAt: z.string() })),
  killSwitch: z.boolean(),
});
export type Operations = z.output<typeof operationsSchema>;

export const killSwitchSchema = z.strictObject({
  enabled: z.boolean().describe('true: every surface serves its default.'),
  reason: textField(500).default('').describe('For the audit log.'),
});
export type KillSwitch = z.output<typeof killSwitchSchema>;

export const quarantineQuery = z.strictObject({
  limit: limitField,
  cursor: z
    .string()
    .regex(/^\d{1,18}$/, 'is not a cursor of this list')
    .optional(),
});
export type QuarantineQuery = z.output<typeof quarantineQuery>;

export const idParam = z.string().regex(/^\d{1,18}$/, 'must be the id of a quarantined record');
