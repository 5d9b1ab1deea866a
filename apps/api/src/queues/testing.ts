import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Spool, SpoolBatch, SpoolKind, SpoolLogger } from './spool.js';

/** Helpers for the spool's specs. */
export interface Row {
  readonly n: number;
  readonly pad?: string;
}

export const linesOf = (rows: readonly unknown[]): string =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

export const parsed = (lines: string): Row[] =>
  lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);

export const numbers = (rows: readonly Row[]): number[] => rows.map((row) => row.n);

export const upTo = (count: number, pad = ''): Row[] => Array.from({ length: count }, (_, n) => ({ n, pad }));

export const append = (spool: Spool, kind: SpoolKind, rows: readonly Row[]): void =>
  spool.append(kind, linesOf(rows), rows.length);

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export async function until(condition: () => boolean, within = 5000): Promise<void> {
  const deadline = Date.now() + within;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await sleep(5);
  }
}

export interface Collector {
  readonly rows: Row[];
  readonly batches: SpoolBatch[];
  ship(this: void, batch: SpoolBatch): Promise<void>;
}

/** A queue that takes everything. */
export function collector(): Collector {
  const rows: Row[] = [];
  const batches: SpoolBatch[] = [];
  const ship = async (batch: SpoolBatch): Promise<void> => {
    batches.push(batch);
    rows.push(...parsed(batch.lines));
  };
  return { rows, batches, ship };
}

/** A logger that keeps what it is told. */
export function listener(): SpoolLogger & { readonly warnings: string[]; readonly errors: string[] } {
  const warnings: string[] = [];
  const errors: string[] = [];
  return {
    warnings,
    errors,
    warn: (message) => void warnings.push(message),
    error: (message) => void errors.push(message),
  };
}

/** The journal's files, oldest first. */
export const segmentsIn = (directory: string): string[] =>
  readdirSync(directory)
    .filter((file) => /\.(decisions|events)$/.test(file))
    .sort();

export const rowsIn = (directory: string, file: string): Row[] =>
  parsed(readFileSync(join(directory, file), 'utf8'));
