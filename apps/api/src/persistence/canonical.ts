import { createHash } from 'node:crypto';
import type { Json } from '#experiments';

/** JSON text with sorted keys: equal values give equal texts, wherever and however they were stored. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item)).join(',')}]`;
  const record = value as Readonly<Record<string, Json>>;
  const fields = Object.keys(record).sort();
  return `{${fields.map((field) => `${JSON.stringify(field)}:${canonicalJson(record[field] as Json)}`).join(',')}}`;
}

/** Hex SHA-256 of a text. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
