import { rename } from 'node:fs/promises';
import { basename } from 'node:path';
import type { SpoolLogger } from './spool-contract.js';
import type { SpoolOwner } from './spool-owner.js';
import { Segment } from './spool-segment.js';
import type { SegmentHost, SpoolKind } from './spool-segment.js';

/** Errors that say nothing about the file: the process or the machine is short of something. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR', 'EBUSY']);

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** Whether reading the same file again may succeed. */
export const passes = (error: unknown): boolean => PASSING.has(codeOf(error));

/**
 * Takes a segment that cannot be read out of the way, so that the others are shipped. The file stays for a person to
 * look at, under a name that no process adopts.
 * @param lost lines in it; null when nobody knows.
 */
export async function setAside(
  path: string,
  error: unknown,
  lost: number | null,
  logger: SpoolLogger,
): Promise<void> {
  const where = await rename(path, `${path}.corrupt`).then(
    () => `it was set aside as ${path}.corrupt`,
    (refusal: Error) => `it could not be set aside either (${refusal.message})`,
  );
  const lines = lost === null ? 'an unknown number of lines was' : `${lost} lines were`;
  logger.error(
    `spool: ${basename(path)} cannot be read (${(error as Error).message}); ${where}; ${lines} dropped`,
  );
}

/** Takes over the segments of processes that are gone. One that cannot be taken does not keep the others. */
export async function adoptOrphans(
  owner: SpoolOwner,
  pathFor: (kind: SpoolKind) => string,
  host: SegmentHost,
  logger: SpoolLogger,
): Promise<Segment[]> {
  const adopted: Segment[] = [];
  for (const orphan of await owner.orphans()) {
    const path = pathFor(orphan.kind);
    try {
      await rename(orphan.path, path);
    } catch (error) {
      // ENOENT: another process was faster.
      if (codeOf(error) !== 'ENOENT')
        logger.error(
          `spool: ${basename(orphan.path)} cannot be adopted, it is left as it is: ${(error as Error).message}`,
        );
      continue;
    }
    try {
      adopted.push(await Segment.adopt(path, orphan.kind, host));
    } catch (error) {
      // Under its old name it is found again at the next round.
      if (passes(error)) await rename(path, orphan.path).catch(() => undefined);
      else await setAside(path, error, null, logger);
    }
  }
  return adopted;
}

/** Names files that earlier versions left and nobody reads any more. */
export async function warnOfOutdated(
  owner: SpoolOwner,
  directory: string,
  logger: SpoolLogger,
): Promise<void> {
  const files = await owner.outdated();
  if (files.length === 0) return;
  logger.warn(
    `spool: files of an older version in ${directory} are not read: ${files.join(', ')}; ` +
      'ship them with that version, or delete them',
  );
}
