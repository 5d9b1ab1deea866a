import type { Job, Queue } from 'bullmq';

type State = 'waiting' | 'active' | 'delayed';
const MOST_DELAYED = 99;

/**
 * When the oldest job in one of these states was added, in Unix milliseconds; null when there is none. Both ends of
 * the waiting list are looked at, because the backends disagree about its order: in ascending order Redis gives the
 * oldest job first, PostgreSQL the newest.
 */
export async function oldestJobAt(queue: Queue, states: readonly State[]): Promise<number | null> {
  const counts = await queue.getJobCounts(...states);
  const reads = states.flatMap((state) =>
    rangesOf(state, counts[state] ?? 0).map((range) => ({ state, range })),
  );
  const found = await Promise.all(
    reads.map(
      ({ state, range }) => queue.getJobs([state], range[0], range[1], true) as Promise<(Job | undefined)[]>,
    ),
  );
  const times = found.flat().flatMap((job) => (job ? [job.timestamp] : []));
  return times.length === 0 ? null : Math.min(...times);
}

/** Which places of a state to read: all where the order says nothing about age. */
function rangesOf(state: State, count: number): readonly (readonly [from: number, to: number])[] {
  if (count === 0) return [];
  if (state === 'active') return [[0, -1]];
  if (state === 'delayed') return [[0, MOST_DELAYED]];
  return count === 1
    ? [[0, 0]]
    : [
        [0, 0],
        [count - 1, count - 1],
      ];
}
