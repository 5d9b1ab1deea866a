import type { Json } from '../vocabulary.js';

export type JsonObject = Readonly<Record<string, Json>>;

export const isRecord = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object that holds operators only: `{$gt: 1, $lt: 3}`. */
export function isOperatorObject(value: JsonObject): boolean {
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => key.startsWith('$'));
}

/** The words of `$type`. */
export function typeName(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
