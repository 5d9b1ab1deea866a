import { z } from 'zod';
import { DomainError } from './errors.js';
import type { Json } from './vocabulary.js';

/** Parameters of a registered object: one schema validates, documents and draws the form. */
export interface ParamsSchema<P> {
  /** @throws DomainError `invalid_params` naming the field, what was wrong and what is allowed. */
  parse(input: unknown): P;
  readonly jsonSchema: Json;
}

/** Builds a ParamsSchema from a strict zod object whose fields carry `.describe()` texts and defaults. */
export function defineParams<S extends z.ZodObject>(schema: S): ParamsSchema<z.output<S>> {
  const strict = schema.strict();
  return {
    jsonSchema: z.toJSONSchema(strict, { io: 'input' }) as Json,
    parse(input) {
      const result = strict.safeParse(input ?? {});
      if (result.success) return result.data as z.output<S>;
      const issue = result.error.issues[0];
      const pointer = `/${(issue?.path ?? []).map(String).join('/')}`;
      throw new DomainError('invalid_params', `${pointer}: ${issue?.message ?? 'invalid'}`, pointer);
    },
  };
}
