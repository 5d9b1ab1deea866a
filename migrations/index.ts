import { CreateSchema1764000000000 } from './1764000000000-create-schema.js';

/** In order; the only list of migrations. */
export const migrations = [CreateSchema1764000000000];
