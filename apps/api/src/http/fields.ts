import { z } from 'zod';
import type { Json } from '#experiments';

/**
 * Field schemas shared by the admin bodies. Texts refuse what PostgreSQL cannot store as text or jsonb (NUL and lone
 * surrogates), so that bad input is a 400 with a pointer and never a database error.
 */
const storable = /^[^\0\p{Surrogate}]*$/u;

export const textField = (longest: number): z.ZodString =>
  z.string().max(longest).regex(storable, 'must not contain NUL or lone surrogates');

/** Names in URLs, salts and payloads: no slash, no colon, no space. */
export const keyField = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    'must be 1 to 100 letters, digits, dots, underscores or hyphens',
  );

/** Names of outcomes, as a regular expression. */
export const NAME_PATTERN = '^[a-z][a-z0-9_.-]{0,63}$';

/** Ids that come from other systems (units, items): anything printable. */
export const idField = textField(256).min(1);

const MOST_DEPTH = 16;
const MOST_NODES = 5000;

/** What is wrong with a JSON value, or null; iterative, so that a deep value cannot overflow the stack. */
function faultOf(value: unknown): string | null {
  const open: { readonly node: unknown; readonly depth: number }[] = [{ node: value, depth: 0 }];
  let nodes = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, depth } = next;
    if (++nodes > MOST_NODES) return `must have at most ${MOST_NODES} parts`;
    if (depth > MOST_DEPTH) return `must be nested at most ${MOST_DEPTH} deep`;
    if (typeof node === 'string' && !storable.test(node)) return 'must not contain NUL or lone surrogates';
    // JSON texts can say 1e400, which no JSON can give back.
    if (typeof node === 'number' && !Number.isFinite(node)) return 'must contain finite numbers only';
    if (typeof node !== 'object' || node === null) continue;
    for (const [key, inner] of Object.entries(node)) {
      if (!storable.test(key)) return 'must not contain NUL or lone surrogates';
      open.push({ node: inner, depth: depth + 1 });
    }
  }
  return null;
}

/** Any JSON within limits of depth and size. */
export const jsonField = z.unknown().superRefine((value, context) => {
  const fault = value === undefined ? 'is required' : faultOf(value);
  if (fault) context.addIssue({ code: 'custom', message: fault });
}) as z.ZodType<unknown> as z.ZodType<Json>;

export const limitField = z.coerce.number().int().min(1).max(1000).default(100);

/** Attributes of a context or features of an item: flat, scalars and lists of texts. */
export const attributesField = z
  .record(
    textField(100),
    z.union([textField(1000), z.number(), z.boolean(), z.null(), z.array(textField(200)).max(200)]),
  )
  .refine((attributes) => Object.keys(attributes).length <= 200, 'has more than 200 entries');

/** Which of GrowthBook's hashes a salt is used with. */
export const hashVersionField = z.union([z.literal(1), z.literal(2)]).default(2);
