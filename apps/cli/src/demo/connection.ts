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
  const urls = options.url === undefined ? readState('urls.json', urlsSchema) : null;
  const keys = options.key === undefined ? readState('keys.json', keysSchema) : null;
  const api = options.url ?? urls?.api;
  if (api === undefined)
    throw new Error('No running installation found: start one with `npm run up`, or give --url.');
  const publishable = options.key ?? keys?.publishable;
  const admin = options.key ?? keys?.admin;
  if (publishable === undefined || admin === undefined) {
    throw new Error(
      'No keys found in .marquee/keys.json: start an installation with `npm run up`, or give --key.',
    );
  }
  return { api: api.replace(/\/+$/, ''), dashboard: urls?.dashboard ?? null, publishable, admin };
}
