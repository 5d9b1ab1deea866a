import path from 'node:path';
import { z } from 'zod';
import { NAME_PATTERN } from '../http/fields.js';

/** The only reader of process.env. Everything else sees this typed object. */
const environment = z.object({
  DATABASE_URL: z.string().min(1, 'set DATABASE_URL to a PostgreSQL 15 or newer, or start with `npm run up`'),
  REDIS_URL: z.string().optional(),
  REDIS_CLUSTER_NODES: z.string().optional(),
  MARQUEE_STATE_DIR: z.string().default('.marquee'),
  MARQUEE_API_HOST: z.string().default('127.0.0.1'),
  MARQUEE_API_PORT: z.coerce.number().int().min(0).max(65535).default(4000),
  MARQUEE_ROLES: z.string().default('ingest,learn,rollup,maintenance,train,webhooks'),
  MARQUEE_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  MARQUEE_CORS_ORIGINS: z.string().default(''),
  MARQUEE_RETENTION_DAYS: z.coerce.number().int().min(1).default(400),
  MARQUEE_SEGMENT_NAMES: z.string().default(''),
  MARQUEE_WEBHOOK_ALLOW: z.string().default(''),
  MARQUEE_SECRETS_KEYS: z.string().default(''),
  MARQUEE_EVALUATIONS_PER_SECOND: z.coerce.number().int().min(0).max(1_000_000).default(0),
  MARQUEE_STREAMS_PER_KEY: z.coerce.number().int().min(1).max(1_000_000).default(4000),
  MARQUEE_BODY_LIMIT_BYTES: z.coerce.number().int().min(1024).default(5_000_000),
});

export interface Config {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  readonly redisClusterNodes: readonly string[];
  /** Local state: spool, last known catalog, keys. */
  readonly stateDir: string;
  readonly host: string;
  readonly port: number;
  /** Queues that this worker process runs. */
  readonly roles: readonly string[];
  readonly logLevel: string;
  readonly corsOrigins: readonly string[];
  /** Days that raw facts are kept. */
  readonly retentionDays: number;
  /** Most evaluations a second through OFREP and GrowthBook's protocol, for each key and address; 0: no limit. */
  readonly evaluationsPerSecond: number;
  /** Most event streams of one key and protocol that one process keeps open. */
  readonly streamsPerKey: number;
  readonly bodyLimitBytes: number;
  /** Segment event name to outcome name. */
  readonly segmentNames: Readonly<Record<string, string>>;
  /** Hosts, addresses and CIDR ranges inside the own network that webhooks may be sent to. */
  readonly webhookAllow: readonly string[];
  /** Keys (32 bytes, base64) that stored secrets are encrypted with, the newest first; none: a file of the state directory. */
  readonly secretsKeys: readonly string[];
}

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part.length > 0);

/**
 * Reads the configuration from an environment.
 * @throws Error with one sentence a person can act on when a variable is missing or malformed.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const result = environment.safeParse(env);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new Error(`Configuration: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  const value = result.data;
  return {
    databaseUrl: value.DATABASE_URL,
    redisUrl: value.REDIS_URL ?? null,
    redisClusterNodes: list(value.REDIS_CLUSTER_NODES),
    stateDir: path.resolve(value.MARQUEE_STATE_DIR),
    host: value.MARQUEE_API_HOST,
    port: value.MARQUEE_API_PORT,
    roles: list(value.MARQUEE_ROLES),
    logLevel: value.MARQUEE_LOG_LEVEL,
    corsOrigins: list(value.MARQUEE_CORS_ORIGINS),
    retentionDays: value.MARQUEE_RETENTION_DAYS,
    evaluationsPerSecond: value.MARQUEE_EVALUATIONS_PER_SECOND,
    streamsPerKey: value.MARQUEE_STREAMS_PER_KEY,
    bodyLimitBytes: value.MARQUEE_BODY_LIMIT_BYTES,
    segmentNames: namesOf(list(value.MARQUEE_SEGMENT_NAMES)),
    webhookAllow: list(value.MARQUEE_WEBHOOK_ALLOW),
    secretsKeys: keysOf(list(value.MARQUEE_SECRETS_KEYS)),
  };
}

/** @throws Error for one that is not 32 bytes in base64; it is not quoted, being a secret. */
function keysOf(keys: readonly string[]): readonly string[] {
  const wrong = keys.findIndex((key) => Buffer.from(key, 'base64').length !== 32);
  if (wrong === -1) return keys;
  throw new Error(
    `Configuration: MARQUEE_SECRETS_KEYS: entry ${wrong + 1} is not 32 bytes in base64; make one with \`openssl rand -base64 32\``,
  );
}

/** @param pairs such as `Song Played=play`. @throws Error for one that is no pair or no name of an outcome. */
function namesOf(pairs: readonly string[]): Record<string, string> {
  const names: Record<string, string> = {};
  for (const pair of pairs) {
    const [event = '', name = ''] = pair.split('=').map((part) => part.trim());
    if (event === '' || !new RegExp(NAME_PATTERN).test(name))
      throw new Error(
        `Configuration: MARQUEE_SEGMENT_NAMES: "${pair}" is not of the form "Song Played=play"; names match ${NAME_PATTERN}`,
      );
    names[event] = name;
  }
  return names;
}

/** Nest token for the typed configuration. */
export const CONFIG = Symbol('config');
