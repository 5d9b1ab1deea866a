import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { NearestTitles, newIndex, widthOf } from './usearch.js';
import type { IndexedVectors } from './usearch.js';

/**
 * Builds an index of a large catalogue in a thread of its own, while requests are answered.
 * @throws Error where the package is not there for this machine, or the index does not fit into memory or onto the disk.
 */
export async function buildIndex(vectors: IndexedVectors): Promise<NearestTitles> {
  const file = path.join(os.tmpdir(), `marquee-${randomUUID()}.usearch`);
  try {
    await new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./build-index.js', import.meta.url), {
        workerData: { vectors, file },
      });
      worker.once('error', reject);
      worker.once('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`the thread that built it ended with ${code}`)),
      );
    });
    const index = await newIndex(widthOf(vectors));
    index.load(file);
    const { size } = await fs.stat(file);
    return new NearestTitles(index, widthOf(vectors), size);
  } finally {
    await fs.rm(file, { force: true });
  }
}
