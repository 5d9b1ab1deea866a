import { parentPort } from 'node:worker_threads';
import { claimRegistry } from './claims/index.js';
import { runPiece } from './run-claims.js';
import type { Piece } from './run-claims.js';

/** Makes the pieces that it is sent, one after the other; see pool.ts. */
parentPort?.on('message', (piece: Piece) => {
  const began = performance.now();
  const entries = runPiece(claimRegistry.get(piece.claim), piece);
  parentPort?.postMessage({ piece, entries, milliseconds: performance.now() - began });
});
