import { createPostgresBackend } from 'bullmq';
import type { BackendFactory } from 'bullmq';

/** Parts of BullMQ that remember for ever that their first connection failed. */
interface Connects {
  readyPromise?: Promise<void> | undefined;
  waitUntilReady(): Promise<void>;
}

/** Lets every later call try again: a PostgreSQL that was away for a moment must not end a queue for good. */
function forgetFailure(part: Connects): void {
  const wait = part.waitUntilReady.bind(part);
  part.waitUntilReady = async () => {
    try {
      await wait();
    } catch (error) {
      part.readyPromise = undefined;
      throw error;
    }
  };
}

/** BullMQ's PostgreSQL backend, which gets over a first connection that failed. */
export const createRetryingBackend = ((...args: Parameters<typeof createPostgresBackend>) => {
  const backend = createPostgresBackend(...args);
  forgetFailure(backend as unknown as Connects);
  forgetFailure((backend as unknown as { connection: Connects }).connection);
  return backend;
}) as unknown as BackendFactory;
