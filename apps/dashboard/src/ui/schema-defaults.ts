import type { Json, JsonSchema } from '../api/types.js';

/** The defaults that a schema gives, so that the form starts with what would apply anyway. */
export function schemaDefaults(schema: JsonSchema | undefined): Record<string, Json> {
  const entries = Object.entries(schema?.properties ?? {}).filter(([, field]) => field.default !== undefined);
  return Object.fromEntries(entries.map(([name, field]) => [name, field.default ?? null]));
}
