import { z } from 'zod';
import { CONDITION_LIMITS, OPERATOR_KEYS, conditionSchema, segmentConditionSchema } from '#experiments';
import { configFileSchema } from './config-files.schemas.js';

type JsonSchema = Record<string, unknown>;

const CONDITION = { $ref: '#/$defs/condition' };
const list = { type: 'array', items: CONDITION, minItems: 1 };
const object = (properties: JsonSchema, required: readonly string[]): JsonSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

/** Conditions are parsed by hand, so that their schema is written by hand as well. */
const conditionDefinition: JsonSchema = {
  description: 'A clause on the context, a saved segment, or a group of conditions',
  anyOf: [
    object(
      {
        attribute: { type: 'string', minLength: 1, maxLength: CONDITION_LIMITS.attributeLength },
        op: { type: 'string', enum: [...OPERATOR_KEYS] },
        value: {},
      },
      ['attribute', 'op'],
    ),
    object({ segment: { type: 'string' }, version: { type: 'integer', minimum: 1 } }, ['segment']),
    object({ all: list }, ['all']),
    object({ any: list }, ['any']),
    object({ not: CONDITION }, ['not']),
  ],
};

const BY_HAND: ReadonlySet<unknown> = new Set([conditionSchema, segmentConditionSchema]);

function makeSchema(): JsonSchema {
  const made = z.toJSONSchema(configFileSchema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (BY_HAND.has(zodSchema)) Object.assign(jsonSchema, CONDITION);
      if (jsonSchema.pattern?.includes('\\p{')) delete jsonSchema.pattern;
    },
  }) as JsonSchema;
  const { $defs, ...rest } = made;
  return {
    ...rest,
    $id: 'https://marquee.dev/schemas/config-1.json',
    title: 'Marquee configuration',
    $defs: { ...($defs as JsonSchema | undefined), condition: conditionDefinition },
  };
}

let made: JsonSchema | undefined;

/**
 * The published JSON Schema (2020-12) of a file, made from the schemas that the API itself checks with. Patterns with
 * classes of Unicode are left out: what they refuse (NUL, halves of characters) no editor writes, and not every reader of
 * schemas knows them.
 */
export const configJsonSchema = (): JsonSchema => (made ??= makeSchema());
