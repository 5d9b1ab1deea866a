import { createHash } from 'node:crypto';

/**
 * Who asked for a decision whose experiment compares another unit: 8 hex digits of a hash that is seeded by the decision.
 * An exposure under the asker's own id is known by it. The id itself is not kept: it would have to be erased with the
 * unit. Marks of two decisions tell nothing of each other; who has an id can test it against a mark, though, so an erasure
 * takes the marks out that the unit's events lead to (units/units.sql.ts).
 */
export const askedMark = (decisionId: string, unitId: string): string =>
  createHash('md5').update(`${decisionId}:${unitId}`).digest('hex').slice(0, 8);

/** The same in SQL, of two expressions. */
export const askedMarkSql = (decisionId: string, unitId: string): string =>
  `left(md5(${decisionId} || ':' || ${unitId}), 8)`;
