/** Runs a task for each entry in order, at most `atOnce` at the same time; the first failure stops all. */
export async function runPooled<T>(
  entries: Iterable<T>,
  atOnce: number,
  task: (entry: T) => Promise<void>,
): Promise<void> {
  const iterator = entries[Symbol.iterator]();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); !next.done && !failed; next = iterator.next()) {
      try {
        await task(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
