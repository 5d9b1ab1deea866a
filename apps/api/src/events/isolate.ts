/** SQLSTATE classes that say nothing about the record: connection, transaction, resources, operator, system, schema. */
const NOT_THE_RECORD = new Set(['08', '25', '28', '3D', '40', '42', '53', '55', '57', '58', 'XX']);
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
const LOST = /connection terminated|timeout|not queryable|connection ended|driver not connected|socket/i;
const NO_PARTITION = /no partition of relation/;

/** Whether an error says that a service is away or busy, rather than that the record is bad. */
export function isTransient(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: string };
  if (typeof code === 'string' && (NETWORK.has(code) || NOT_THE_RECORD.has(code.slice(0, 2)))) return true;
  return (typeof code !== 'string' || code.length !== 5) && LOST.test(message ?? '');
}

/**
 * Stores a batch; when that fails because of a record, halves it until the record stands alone and isolates that.
 * @param store stores records in one transaction, idempotently.
 * @param isolate called with a record that cannot be stored, and why.
 * @param refresh called once when a partition was missing, before the batch is tried again.
 * @throws the error when it is not about the records; the whole batch should then be tried later.
 */
export async function storeOrIsolate<T>(
  records: readonly T[],
  store: (records: readonly T[]) => Promise<void>,
  isolate: (record: T, reason: string) => Promise<void>,
  refresh?: () => void,
): Promise<void> {
  try {
    await store(records);
    return;
  } catch (error) {
    if (isTransient(error)) throw error;
    if (refresh && NO_PARTITION.test((error as Error).message)) {
      refresh();
      return storeOrIsolate(records, store, isolate);
    }
    const [only] = records;
    if (records.length <= 1) {
      if (only !== undefined) await isolate(only, (error as Error).message);
      return;
    }
  }
  const half = Math.ceil(records.length / 2);
  await storeOrIsolate(records.slice(0, half), store, isolate);
  await storeOrIsolate(records.slice(half), store, isolate);
}
