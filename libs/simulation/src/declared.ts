import { createRng } from '#experiments';
import type { Context } from '#experiments';

/** A feature as `PUT /v1/features/:entity/:name` takes it, with its key. */
export interface WorldFeature {
  readonly entity: 'member' | 'title' | 'context' | 'history';
  readonly name: string;
  readonly kind: 'number' | 'category' | 'list' | 'text';
  readonly description: string;
  readonly source: string;
  readonly unit?: string;
  readonly range?: readonly [number, number];
  readonly sensitive?: boolean;
}

/** What the app and the catalogue of the world say; one of it is for the audit of fairness alone. */
export const features: readonly WorldFeature[] = [
  {
    entity: 'member',
    name: 'gender',
    kind: 'category',
    description: 'As the member declared it',
    source: 'profile',
    sensitive: true,
  },
  {
    entity: 'member',
    name: 'plan',
    kind: 'category',
    description: 'What the member pays for',
    source: 'billing',
  },
  {
    entity: 'member',
    name: 'taste',
    kind: 'category',
    description: 'Group of members by what they love',
    source: 'segmentation',
  },
  {
    entity: 'member',
    name: 'country',
    kind: 'category',
    description: 'Where the member lives',
    source: 'profile',
  },
  {
    entity: 'context',
    name: 'device',
    kind: 'category',
    description: 'What it is watched on',
    source: 'app',
  },
  {
    entity: 'context',
    name: 'hour',
    kind: 'number',
    description: 'Hour on the wall clock of the member',
    source: 'app',
    unit: 'hours',
    range: [0, 23],
  },
  {
    entity: 'context',
    name: 'weekday',
    kind: 'number',
    description: 'Day of the week, 0 is Sunday',
    source: 'app',
    range: [0, 6],
  },
  {
    entity: 'context',
    name: 'month',
    kind: 'number',
    description: 'Month of the year',
    source: 'app',
    range: [1, 12],
  },
  {
    entity: 'context',
    name: 'query',
    kind: 'text',
    description: 'What the member searches for',
    source: 'app',
  },
  {
    entity: 'history',
    name: 'history',
    kind: 'list',
    description: 'Titles played last, the newest last',
    source: 'app',
  },
  {
    entity: 'title',
    name: 'genre',
    kind: 'category',
    description: 'What kind of title it is',
    source: 'catalogue',
  },
  {
    entity: 'title',
    name: 'secondGenre',
    kind: 'category',
    description: 'What else it is',
    source: 'catalogue',
  },
  {
    entity: 'title',
    name: 'year',
    kind: 'number',
    description: 'Year of the release',
    source: 'catalogue',
    range: [1900, 2100],
  },
  { entity: 'title', name: 'people', kind: 'list', description: 'Cast and directors', source: 'catalogue' },
  {
    entity: 'title',
    name: 'runtimeMinutes',
    kind: 'number',
    description: 'How long it runs',
    source: 'catalogue',
    unit: 'minutes',
  },
];

/**
 * What a member declares, which nothing in the world depends on: drawn from the id alone, so that whoever plays the world
 * sends the same.
 */
export function declaredOf(memberId: string): Context {
  const lot = createRng(`declared ${memberId}`).uniform();
  return { gender: lot < 0.49 ? 'woman' : lot < 0.97 ? 'man' : 'other' };
}
