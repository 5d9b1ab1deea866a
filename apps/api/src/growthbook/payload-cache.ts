import { createHash } from 'node:crypto';
import { localPayload } from '#experiments';
import type { ServingCatalog } from '../serving/catalog-data.js';

/** The payload of one catalogue, as it is sent. */
export interface WrittenPayload {
  readonly text: string;
  readonly etag: string;
}

const written = new WeakMap<ServingCatalog, WrittenPayload>();

/** Made once for every catalogue: the document that SDKs poll. */
export function payloadOf(catalog: ServingCatalog): WrittenPayload {
  const known = written.get(catalog);
  if (known) return known;
  const { features } = localPayload(catalog.config, catalog.killSwitch);
  const body = { features, experiments: [], savedGroups: {} };
  const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 32)}"`;
  const text = JSON.stringify({ status: 200, dateUpdated: new Date().toISOString(), ...body });
  const payload = { text, etag };
  written.set(catalog, payload);
  return payload;
}
