import { z } from 'zod';
import { linkSchema } from '../identities/link.schema.js';
import type { Link } from '../identities/link-units.js';
import type { Rejection } from './event.validator.js';

const id = z.string().max(128);
/** POST /v1/identify and /v1/alias; what else a message carries is ignored. */
export const identifySchema = z.looseObject({ userId: id.min(1), anonymousId: id.nullish() });
export const aliasSchema = z.looseObject({ userId: id.min(1), previousId: id.min(1) });

type Fields = Readonly<Record<string, unknown>>;

/**
 * The link that a Segment `identify` or `alias` message tells of: `anonymousId` has become `userId`, or `previousId` has.
 * @returns null for messages of other types, and for those that name one id only, which tell of no link.
 */
export function linkOf(raw: unknown): Link | Rejection | null {
  if (typeof raw !== 'object' || raw === null) return null;
  const { type, userId, anonymousId, previousId } = raw as Fields;
  const earlier = { identify: anonymousId, alias: previousId }[String(type)];
  if (!given(userId) || !given(earlier) || userId === earlier) return null;
  const checked = linkSchema.safeParse({ unitId: userId, anonymousId: earlier });
  if (checked.success) return checked.data;
  const problems = checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  return { code: 'invalid_link', message: problems.join('; ') };
}

const given = (value: unknown): boolean => value !== undefined && value !== null && value !== '';
