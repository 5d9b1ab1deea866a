import { createHash } from 'node:crypto';
import type { HasUnit } from './targeting-operators.js';

/** SHA-256 of an id in hex: how a list keeps ids that must not be readable. */
export const hashUnitId = (id: string): string => createHash('sha256').update(id, 'utf8').digest('hex');

/** @param hashed whether the entries are `hashUnitId` of the ids, and not the ids. */
export function unitList(entries: Iterable<string>, hashed: boolean): HasUnit {
  const members = new Set(entries);
  return hashed ? (id) => members.has(hashUnitId(id)) : (id) => members.has(id);
}
