import { describe, expect, it } from '@jest/globals';
import type { Condition } from '../../api/types.js';
import { fromCondition, toCondition } from './targeting.js';

const LIST: Condition = { attribute: '$unit', op: 'notInList', value: 'staff' };

describe('the builder of conditions', () => {
  it.each<[string, Condition | null]>([
    ['everybody', null],
    ['a text', { attribute: 'device', op: 'eq', value: 'tv' }],
    ['a number', { attribute: 'plays', op: 'gte', value: 50 }],
    ['a yes or no', { attribute: 'internal', op: 'eq', value: false }],
    ['nothing to compare with', { attribute: 'plan', op: 'exists' }],
    ['a list', { attribute: 'country', op: 'in', value: ['FR', 'BE'] }],
    ['a segment as it was in a version', { segment: 'fans', version: 3 }],
    ['outside a segment', { not: { segment: 'fans' } }],
    ['some of several', { any: [LIST, { segment: 'fans' }] }],
    ['all of several', { all: [LIST, { attribute: 'appVersion', op: 'versionGte', value: '2.0' }] }],
  ])('shows %s as rows that say exactly the same', (_name, condition) => {
    const draft = fromCondition(condition);
    expect(draft.mode).toBe('rows');
    expect(toCondition(draft)).toEqual(condition);
  });

  it.each<[string, unknown]>([
    ['groups inside groups', { all: [LIST, { any: [LIST, LIST] }] }],
    ['what is not', { not: LIST }],
    ['entries of a list', { attribute: 'tags', op: 'elemMatch', value: { op: 'eq', value: 'a' } }],
    ['lists of several types', { attribute: 'a', op: 'in', value: [1, 'x'] }],
    ['an empty text', { attribute: 'a', op: 'eq', value: '' }],
    ['half typed JSON', 'all'],
    ['nonsense', { all: 3 }],
  ])('keeps %s as JSON, and loses nothing', (_name, condition) => {
    const draft = fromCondition(condition as Condition);
    expect(draft).toEqual({ mode: 'json', condition });
  });
});
