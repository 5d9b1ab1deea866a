import fs from 'node:fs';
import process from 'node:process';
import { workerData } from 'node:worker_threads';

const WATCH_MS = 50;
const STDERR = 2;

/** What a fit that took too much memory leaves on its standard error. */
export const TOO_MUCH_MEMORY = 'marquee: the fit took more memory than it may';

interface Watched {
  readonly memoryMb: number;
  /** Process that waits for the result. */
  readonly parent: number;
}

/** Beside a fit, whose thread has no time to look: ends the process when it grows too large, or nobody waits for it. */
function watch({ memoryMb, parent }: Watched): void {
  setInterval(() => {
    if (process.memoryUsage.rss() > memoryMb * 1024 * 1024) fs.writeSync(STDERR, TOO_MUCH_MEMORY);
    else if (process.ppid === parent) return;
    process.kill(process.pid, 'SIGKILL');
  }, WATCH_MS);
}

if (workerData !== null) watch(workerData as Watched);
