import path from 'node:path';
import { Daemon } from './daemon.js';
import { freePort } from './stack.js';
import type { Ground } from './stack.js';

/** Fastify alone, under load. */
export interface Bare {
  readonly daemon: Daemon;
  readonly url: string;
}

/** Starts the ceiling. @param answers what it answers at `/KEY`, by key. */
export async function startBare(answers: ReadonlyMap<string, unknown>, ground: Ground): Promise<Bare> {
  const port = await freePort();
  const routes = Object.fromEntries([...answers].map(([key, answer]) => [`/${key}`, answer]));
  const env = { BENCH_PORT: String(port), BENCH_ANSWERS: JSON.stringify(routes) };
  const log = path.join(ground.stateDir, 'bare-fastify.log');
  const daemon = new Daemon('bare Fastify', 'dist/bench/bare-fastify.js', env, log);
  daemon.start();
  await daemon.ready(() => Promise.resolve(daemon.log().includes('listening')));
  return { daemon, url: `http://127.0.0.1:${port}` };
}
