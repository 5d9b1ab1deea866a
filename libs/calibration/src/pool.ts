import { Worker } from 'node:worker_threads';
import type { Piece } from './run-claims.js';
import type { TallyEntry } from './tally.js';

export interface PieceResult {
  readonly piece: Piece;
  readonly entries: readonly TallyEntry[];
  readonly milliseconds: number;
}

/** Makes all pieces on `threads` threads. Rejects with the first error of any of them. */
export async function runPieces(
  pieces: readonly Piece[],
  threads: number,
  onResult: (result: PieceResult) => void,
): Promise<void> {
  const waiting = [...pieces];
  const workers = Array.from({ length: threads }, () => new Worker(new URL('./worker.js', import.meta.url)));
  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const send = (): void => {
        const piece = waiting.shift();
        if (piece) worker.postMessage(piece);
        else resolve();
      };
      worker.on('message', (result: PieceResult) => {
        onResult(result);
        send();
      });
      worker.on('error', reject);
      send();
    });
  try {
    await Promise.all(workers.map(work));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
