import type { Rng } from '#experiments';
import { genres, type Genre } from './calendar.js';

/** Groups of members by what they love; known to the product as the context attribute `taste`. */
export const tasteSegments = ['heart', 'thrill', 'curious'] as const;
export type TasteSegment = (typeof tasteSegments)[number];

export const devices = ['smart-tv', 'phone', 'web', 'tablet'] as const;
export type Device = (typeof devices)[number];

export interface Member {
  /** Pseudonymous id, e.g. `m-000042`. */
  readonly id: string;
  readonly segment: TasteSegment;
  /** Love of each genre, unit length; never told to the product. */
  readonly taste: readonly number[];
  readonly device: Device;
  readonly country: string;
  /** Minutes to add to UTC for the member's wall clock. */
  readonly offsetMinutes: number;
  readonly plan: 'basic' | 'standard' | 'premium';
  /** Hours by which the member's day runs later than most people's: early birds below 0, night owls above. */
  readonly hourShift: number;
  /** False: declined messages on a phone. */
  readonly notifications: boolean;
  /** Sessions per day of a member with medium satisfaction on an average weekday. */
  readonly sessionRate: number;
  /** Chance per day to cancel at medium satisfaction. */
  readonly churnHazard: number;
  /** Satisfaction in [0, 1] on the first simulated day. */
  readonly satisfaction: number;
}

export const segmentShares: Readonly<Record<TasteSegment, number>> = {
  heart: 0.52,
  thrill: 0.36,
  curious: 0.12,
};
const loves: Readonly<Record<TasteSegment, Readonly<Partial<Record<Genre, number>>>>> = {
  heart: { drama: 1, romance: 0.9, comedy: 0.7, kids: 0.4 },
  thrill: { action: 1, scifi: 0.9, horror: 0.7, comedy: 0.2 },
  curious: { documentary: 1, drama: 0.5, scifi: 0.5, kids: 0.2 },
};
const deviceShares: Readonly<Record<Device, number>> = {
  'smart-tv': 0.24,
  phone: 0.34,
  web: 0.28,
  tablet: 0.14,
};
const countries: Readonly<Record<string, { share: number; offsetMinutes: number }>> = {
  DE: { share: 0.2, offsetMinutes: 60 },
  FR: { share: 0.16, offsetMinutes: 60 },
  GB: { share: 0.18, offsetMinutes: 0 },
  US: { share: 0.28, offsetMinutes: -300 },
  BR: { share: 0.12, offsetMinutes: -180 },
  IN: { share: 0.06, offsetMinutes: 330 },
};
const planShares = { basic: 0.3, standard: 0.5, premium: 0.2 } as const;

function drawByShare<K extends string>(u: number, shares: Readonly<Record<K, number>>): K {
  let rest = u;
  const keys = Object.keys(shares) as K[];
  for (const key of keys) {
    rest -= shares[key];
    if (rest < 0) return key;
  }
  return keys[keys.length - 1] as K;
}

function createTaste(rng: Rng, segment: TasteSegment): number[] {
  const raw = genres.map((genre) => Math.max(0, (loves[segment][genre] ?? 0.05) + 0.25 * rng.normal()));
  const length = Math.hypot(...raw) || 1;
  return raw.map((value) => value / length);
}

/** Member number `index`; depends on the seed of `rng` alone, so that a world can welcome new members for ever. */
export function createMember(rng: Rng, index: number): Member {
  const segment = drawByShare(rng.uniform(), segmentShares);
  const country = drawByShare(
    rng.uniform(),
    Object.fromEntries(Object.entries(countries).map(([key, entry]) => [key, entry.share])),
  );
  return {
    id: `m-${String(index + 1).padStart(6, '0')}`,
    segment,
    taste: createTaste(rng, segment),
    device: drawByShare(rng.uniform(), deviceShares),
    country,
    offsetMinutes: countries[country]?.offsetMinutes ?? 0,
    plan: drawByShare(rng.uniform(), planShares),
    // A chance of its own, so that everything else about a member is as it was before there were chronotypes.
    hourShift: Math.max(-6, Math.min(6, Math.round(2.5 * rng.fork('chronotype').normal()))) + 0,
    notifications: rng.fork('consent').uniform() >= 0.125,
    // Log-normal with median 0.46 a day: most come a few times a week, some every evening.
    sessionRate: Math.min(2.2, 0.46 * Math.exp(0.45 * rng.normal())),
    churnHazard: 0.0035 * Math.exp(0.4 * rng.normal()),
    satisfaction: Math.min(0.9, Math.max(0.1, 0.5 + 0.12 * rng.normal())),
  };
}
