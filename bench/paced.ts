import { setImmediate as turn } from 'node:timers/promises';
import { quantile } from './figure.js';
import { HttpClient } from './http-client.js';

const CONNECTIONS = 64;

export interface Paced {
  /** Milliseconds from the moment a request was due, so that a late generator counts as well. */
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

/**
 * Open-loop load: requests leave evenly spread at the given rate, whether the earlier ones were answered or not.
 * (autocannon's rate sends a second's worth at once and then pauses, which measures saturation.)
 * @param seconds of measurement; a warm-up of one second before it does not count.
 */
export async function paced(
  url: string,
  path: string,
  key: string,
  bodies: readonly string[],
  perSecond: number,
  seconds: number,
): Promise<Paced> {
  const http = new HttpClient(url, key, CONNECTIONS);
  const latencies: number[] = [];
  const open = new Set<Promise<void>>();
  let failed = 0;
  const began = performance.now();
  const total = Math.round(perSecond * (seconds + 1));
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond));
    for (; sent < due; sent++) {
      const meant = began + (sent / perSecond) * 1000;
      const counts = sent >= perSecond;
      const one: Promise<void> = http
        .send('POST', path, bodies[sent % bodies.length])
        .then(({ status }) => {
          if (status !== 200) failed += 1;
          else if (counts) latencies.push(performance.now() - meant);
        })
        .catch(() => void (failed += 1))
        .finally(() => open.delete(one));
      open.add(one);
    }
    await turn();
  }
  await Promise.all(open);
  const elapsed = (performance.now() - began) / 1000;
  http.close();
  if (failed > 0) throw new Error(`${failed} of ${total} requests failed`);
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), perSecond: total / elapsed };
}
