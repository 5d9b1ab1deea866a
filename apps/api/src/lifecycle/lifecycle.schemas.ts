import { z } from 'zod';
import { textField } from '../http/fields.js';

export const askSchema = z.strictObject({ comment: textField(2000).default('') });
export type AskBody = z.output<typeof askSchema>;

export const decideSchema = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  comment: textField(2000).default(''),
});
export type DecideBody = z.output<typeof decideSchema>;

export const approvalSettingSchema = z.strictObject({
  required: z.boolean().describe('Whether a start needs the approval of a second person'),
});
export type ApprovalSetting = z.output<typeof approvalSettingSchema>;

export const noteSchema = z.strictObject({
  kind: z.enum(['comment', 'decision']).default('comment'),
  text: textField(10_000).min(1),
});
export type NoteBody = z.output<typeof noteSchema>;

export const calendarQuery = z.object({
  from: z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .optional(),
  to: z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .optional(),
  drafts: z.enum(['true', 'false']).optional().describe('Drafts, too, as if they started now'),
});
export type CalendarQuery = z.output<typeof calendarQuery>;
