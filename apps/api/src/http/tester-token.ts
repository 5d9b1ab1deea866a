import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { Problem } from './problem.js';

const PREFIX = 'mqt1';

/** A tester, and the arms that they asked for. */
export interface Tester {
  readonly name: string;
  /** Arm by experiment. */
  readonly arms: Readonly<Record<string, string>>;
}

const payload = z.strictObject({
  name: z.string(),
  arms: z.record(z.string(), z.string()),
  /** Unix seconds. */
  exp: z.number(),
});

const sign = (body: string, key: string): Buffer =>
  createHmac('sha256', key).update(`${PREFIX}.${body}`, 'utf8').digest();

/**
 * A token that forces arms: `mqt1.<payload>.<HMAC-SHA-256>`, both parts in base64url. It can be read by whoever has it,
 * and made only with the project's key.
 * @param expiresAt Unix seconds.
 */
export function makeTesterToken(tester: Tester, expiresAt: number, key: string): string {
  const body = Buffer.from(JSON.stringify({ ...tester, exp: expiresAt })).toString('base64url');
  return `${PREFIX}.${body}.${sign(body, key).toString('base64url')}`;
}

function refuse(why: string): never {
  throw Problem.invalid('/tester', 'invalid_tester_token', why);
}

/**
 * @param key the project's key; null where no token was ever given out, or the key is not known at the moment.
 * @param now Unix milliseconds.
 * @throws Problem 400 `invalid_tester_token`: a tester whose token no longer counts must not be counted as a member.
 */
export function readTesterToken(token: string, key: string | null, now: number): Tester {
  const [prefix, body, signature, ...rest] = token.split('.');
  if (prefix !== PREFIX || body === undefined || signature === undefined || rest.length > 0)
    return refuse('is not a tester token');
  const given = Buffer.from(signature, 'base64url');
  const expected = key === null ? null : sign(body, key);
  if (expected === null || given.length !== expected.length || !timingSafeEqual(given, expected))
    return refuse('is not signed with the present key of this project: ask for a new token');
  const { name, arms, exp } = payload.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
  if (exp * 1000 <= now) return refuse('has expired: ask for a new token');
  return { name, arms };
}
