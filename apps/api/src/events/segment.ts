import { createHash } from 'node:crypto';
import { newUlid } from '../http/ulid.js';
import type { Rejection } from './event.validator.js';

/** Names of Segment's own specifications for video and commerce, and the outcomes that metrics know them by. */
const KNOWN: Readonly<Record<string, string>> = {
  'Video Playback Started': 'play',
  'Video Content Started': 'play',
  'Video Playback Paused': 'pause',
  'Video Playback Completed': 'complete',
  'Video Content Completed': 'complete',
  'Video Content Playing': 'watch',
  'Product Clicked': 'click',
  'Products Searched': 'search',
  'Product Added to Wishlist': 'list_add',
  'Push Notification Tapped': 'notification_opened',
  'Application Opened': 'session_start',
  'Subscription Cancelled': 'cancel',
};
const VIEWED = 'Experiment Viewed';
const LONGEST_NAME = 64;
/** A device's clock is believed unless it is further off than this. */
const SKEW_MS = 5 * 60_000;

export interface Mapped {
  /** As `POST /v1/events` takes it; null: not an outcome, ignored. */
  readonly event: Readonly<Record<string, unknown>> | null;
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const firstNumber = (...values: readonly unknown[]): number | undefined =>
  values.find((value): value is number => typeof value === 'number');

/**
 * The outcome that a Segment event name stands for: the installation's own table, Segment's video and commerce names,
 * else the name in small letters with underscores ("Song Played": `song_played`).
 * @param own names of MARQUEE_SEGMENT_NAMES.
 */
export function outcomeName(event: string, own: Readonly<Record<string, string>>): string {
  for (const table of [own, KNOWN]) if (Object.hasOwn(table, event)) return table[event] ?? '';
  const plain = event
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '_')
    .replace(/^[_.-]+|_+$/g, '');
  return (/^[a-z]/.test(plain) ? plain : `e_${plain}`).slice(0, LONGEST_NAME);
}

/**
 * One message of Segment's HTTP API as one of our events. What it lacks or has wrong is left for the validator of events
 * to say.
 * @param sentAt of the batch, where the message has none.
 * @param now Unix milliseconds of the receipt.
 * @see https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
 */
export function fromSegment(
  raw: unknown,
  { own, sentAt, now }: { own: Readonly<Record<string, string>>; sentAt?: unknown; now: number },
): Mapped | Rejection {
  if (!isObject(raw)) return { code: 'not_an_object', message: 'a message is an object' };
  if (raw['type'] !== undefined && raw['type'] !== 'track') return { event: null };
  const name = text(raw['event']);
  if (name === undefined) return { code: 'invalid_name', message: 'a track message needs its event' };
  const properties = isObject(raw['properties']) ? raw['properties'] : {};
  const named = isObject(properties['marquee']) ? properties['marquee'] : {};
  const event = {
    id: raw['messageId'] ?? idFor(raw, now),
    unitId: raw['userId'] ?? raw['anonymousId'],
    at: instantOf(raw, raw['sentAt'] ?? sentAt, now),
    ...namesOf(properties, named),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  };
  return name === VIEWED
    ? { event: { ...event, kind: 'exposure' } }
    : { event: { ...event, kind: 'outcome', name: outcomeName(name, own) } };
}

/** What an event names beside its unit: from `properties.marquee`, else from the usual properties. */
function namesOf(properties: Fields, own: Fields): Fields {
  const found: Fields = {
    decisionId: own['decisionId'] ?? properties['decision_id'] ?? properties['decisionId'],
    actionId: own['actionId'],
    position: own['position'],
    itemId:
      own['itemId'] ??
      text(properties['content_asset_id']) ??
      text(properties['asset_id']) ??
      text(properties['product_id']),
    value: firstNumber(own['value'], properties['value'], properties['revenue'], properties['seconds']),
  };
  return Object.fromEntries(
    Object.entries(found).filter(([, value]) => value !== undefined && value !== null),
  );
}

const idFor = (message: Fields, now: number): string => contentId(message) ?? newUlid(now);

/**
 * The same content has the same id, so that a message sent again without an id counts once all the same. Undefined where
 * it does not say when it happened: a second play would look like the first sent again.
 */
const contentId = ({
  event,
  userId,
  anonymousId,
  timestamp,
  originalTimestamp,
  properties,
}: Fields): string | undefined => {
  const at = timestamp ?? originalTimestamp;
  if (at === undefined || at === null) return undefined;
  return `seg-${createHash('sha256')
    .update(JSON.stringify([event, userId, anonymousId, at, properties]))
    .digest('base64url')
    .slice(0, 32)}`;
};

/** When it happened; moved by the error of the sender's clock where `sentAt` shows one beyond five minutes. */
function instantOf(message: Fields, sentAt: unknown, now: number): unknown {
  const given = message['timestamp'] ?? message['originalTimestamp'];
  if (given === undefined || given === null) return new Date(now).toISOString();
  const at = Date.parse(String(given));
  const skew = typeof sentAt === 'string' ? now - Date.parse(sentAt) : 0;
  if (Number.isNaN(at) || !(Math.abs(skew) > SKEW_MS)) return given;
  // Nothing happened after it was received, whatever the clocks say.
  const moved = new Date(Math.min(at + skew, now));
  return Number.isNaN(moved.getTime()) ? given : moved.toISOString();
}
