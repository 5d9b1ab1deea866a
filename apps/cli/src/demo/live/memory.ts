import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { stateFile } from '../connection.js';

const memorySchema = z.object({ seed: z.string(), members: z.number(), gone: z.array(z.string()) });
export type DemoMemory = z.output<typeof memorySchema>;

const file = stateFile('demo.json');

/** Who cancelled in earlier runs of the demo: cancelled members don't come back. */
export function recall(seed: string): DemoMemory {
  const nothing = { seed, members: 0, gone: [] };
  if (!existsSync(file)) return nothing;
  try {
    const memory = memorySchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return memory.seed === seed ? memory : nothing;
  } catch {
    // A half-written or foreign file: the demo begins anew.
    return nothing;
  }
}

export function remember(memory: DemoMemory): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(memory));
  renameSync(`${file}.new`, file);
}
