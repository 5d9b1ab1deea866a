import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

export interface ConnectionOptions {
  /** Base URL of the API; otherwise the running installation's. */
  readonly url?: string | undefined;
  /** An admin key; otherwise the installation's generated ones. */
  readonly key?: string | undefined;
}

export interface Connection {
  readonly api: string;
  readonly dashboard: string | null;
  /** For treatments and events. */
  readonly publishable: string;
  readonly admin: string;
}

const urlsSchema = z.object({ api: z.url(), dashboard: z.url().optional() });
const keysSchema = z.object({ publishable: z.string(), admin: z.string() });

/** Where the local installation keeps its state. */
export function stateFile(name: string): string {
  return path.resolve(process.env['MARQUEE_STATE_DIR'] ?? '.marquee', name);
}

function readState<T>(file: string, schema: z.ZodType<T>): T | null {
  const full = stateFile(file);
  return existsSync(full) ? schema.parse(JSON.parse(readFileSync(full, 'utf8'))) : null;
}

/**
 * Where the API is and how to speak to it: options first, then `.marquee/urls.json` and `.marquee/keys.json`.
 * @throws Error with one sentence when neither says.
 */
export function resolveConnection(options: ConnectionOptions): Connection {
  const { api, dashboard } = resolveUrls(options.url);
  return { api: api.replace(/\/+$/, ''), dashboard, ...resolveKeys(options.key) };
}

function resolveUrls(url: string | undefined): { api: string; dashboard: string | null } {
  if (url !== undefined) return { api: url, dashboard: null };
  const urls = readState('urls.json', urlsSchema);
  if (!urls) throw new Error('No running installation found: start one with `npm run up`, or give --url.');
  return { api: urls.api, dashboard: urls.dashboard ?? null };
}

function resolveKeys(key: string | undefined): { publishable: string; admin: string } {
  if (key !== undefined) return { publishable: key, admin: key };
  const keys = readState('keys.json', keysSchema);
  if (!keys)
    throw new Error(
      'No keys found in .marquee/keys.json: start an installation with `npm run up`, or give --key.',
    );
  return { publishable: keys.publishable, admin: keys.admin };
}
