import cliProgress from 'cli-progress';

export interface Progress {
  set(done: number): void;
  stop(): void;
}

/** A bar with rate and remaining time on a terminal; a line every tenth elsewhere; nothing when silent. */
export function createProgress(what: string, total: number, silent: boolean): Progress {
  if (silent) return { set: () => undefined, stop: () => undefined };
  if (process.stderr.isTTY) return createBar(what, total);
  let tenth = 0;
  const started = Date.now();
  return {
    set(done) {
      const reached = Math.floor((10 * done) / Math.max(1, total));
      if (reached <= tenth) return;
      tenth = reached;
      const seconds = (Date.now() - started) / 1000;
      const rate = done / Math.max(seconds, 0.001);
      const left = Math.round((total - done) / Math.max(rate, 0.001));
      process.stderr.write(
        `${what} ${10 * tenth} %: ${done} of ${total}, ${rate.toFixed(0)}/s, ${left} s left\n`,
      );
    },
    stop: () => undefined,
  };
}

function createBar(what: string, total: number): Progress {
  const bar = new cliProgress.SingleBar(
    {
      format: `${what} {bar} {percentage} % | {value}/{total} | {rate}/s | {eta_formatted} left`,
      etaBuffer: 2000,
      hideCursor: true,
      stream: process.stderr,
    },
    cliProgress.Presets.shades_classic,
  );
  const started = Date.now();
  bar.start(total, 0, { rate: 0 });
  return {
    set: (done) => bar.update(done, { rate: Math.round((1000 * done) / Math.max(1, Date.now() - started)) }),
    stop: () => bar.stop(),
  };
}
