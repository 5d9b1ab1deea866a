import type { FastifyRequest } from 'fastify';

/** Paths whose key is in the address: any site may read them, as GrowthBook's own service lets it. */
const OPEN = /^\/(?:api|sub)\//;

interface CorsOptions {
  readonly origin: string | string[];
  readonly credentials: false;
  readonly exposedHeaders: string[];
}
type Answer = (error: null, options: CorsOptions) => void;

/** What browsers on other origins may read; preflights get the headers that they ask for. */
export function corsOptions(origins: readonly string[]): {
  delegator(request: FastifyRequest, answer: Answer): void;
} {
  const listed: CorsOptions = {
    origin: [...origins],
    credentials: false,
    exposedHeaders: ['ETag', 'Retry-After'],
  };
  const open: CorsOptions = {
    origin: '*',
    credentials: false,
    exposedHeaders: ['ETag', 'x-sse-support', 'x-unrecoverable'],
  };
  return { delegator: (request, answer) => answer(null, OPEN.test(request.url) ? open : listed) };
}
