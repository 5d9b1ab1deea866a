import { z } from 'zod';
import { differences } from './compare.js';
import { referenceMethods } from './methods.js';

const referenceCase = z.object({
  id: z.string(),
  method: z.string(),
  input: z.unknown(),
  expected: z.record(z.string(), z.unknown()),
  tolerance: z.number(),
  abs_tolerance: z.number().default(0),
});

export type ReferenceCase = z.output<typeof referenceCase>;

export interface ReferenceOutcome {
  readonly id: string;
  readonly method: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** What differs, one entry a number; empty unless failed. */
  readonly differences: readonly string[];
}

/** @throws ZodError when the document is not a list of cases. */
export function parseReferenceCases(document: unknown): ReferenceCase[] {
  return z.array(referenceCase).parse(document);
}

/** Runs one case against the library. A method that is not implemented is `skipped`, a throw is a failure. */
export function runReferenceCase(item: ReferenceCase): ReferenceOutcome {
  const shared = { id: item.id, method: item.method };
  const method = referenceMethods[item.method];
  if (!method) return { ...shared, status: 'skipped', differences: [] };
  try {
    const found = differences(method(item.input), item.expected, item);
    return { ...shared, status: found.length === 0 ? 'passed' : 'failed', differences: found };
  } catch (error) {
    return {
      ...shared,
      status: 'failed',
      differences: [`threw: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
}
