/** Lines that were appended in one turn of the event loop: one text lives shorter than many. */
export interface SpoolRun {
  /** Each line with its newline. */
  readonly text: string;
  readonly count: number;
  /** Unix milliseconds at which the first was appended. */
  readonly at: number;
}

export interface RunBounds {
  readonly lines: number;
  readonly characters: number;
}

/**
 * Cuts lines into runs within these bounds; a longer line is a run of its own. What stands behind the last newline, torn
 * by a crash, is left out: nobody was told that it is safe.
 */
export function cutRuns(text: string, at: number, bounds: RunBounds, skip = 0): SpoolRun[] {
  const runs: SpoolRun[] = [];
  let from = 0;
  let last = 0;
  let count = -skip;
  const cut = (): void => {
    if (count > 0) runs.push({ text: text.slice(from, last), count, at });
    from = last;
    count = 0;
  };
  for (let end = text.indexOf('\n') + 1; end > 0; end = text.indexOf('\n', end) + 1) {
    if (count === 0 || count === bounds.lines || (count > 0 && end - from > bounds.characters)) cut();
    count++;
    last = end;
  }
  cut();
  return runs;
}

/**
 * A loss of power leaves zeros where a block of a file was not written yet. Neither the table nor a queue in PostgreSQL
 * takes them, and what nobody takes would keep all that comes behind it. A line with zeros becomes one that is refused
 * by itself: without columns.
 */
export function withoutZeros(text: string): string {
  if (!text.includes('\0')) return text;
  const marked = (line: string): string => (line.includes('\0') ? line.replace(/[\0\t]+/g, '\ufffd') : line);
  return text.split('\n').map(marked).join('\n');
}
