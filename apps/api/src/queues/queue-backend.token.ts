/** Nest token of the QueueBackend in use. */
export const QUEUE_BACKEND = Symbol('queue-backend');
