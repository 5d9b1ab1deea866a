import { createSegmentSchema } from '../../audiences/audience.schemas.js';
import type { CreateSegment } from '../../audiences/audience.schemas.js';
import { SegmentsService } from '../../audiences/segments.service.js';
import { etagOf } from '../../http/etag.js';
import { NO_EFFECT, anyKind, specOf, wantedKeys } from './kind.js';

export const segments = anyKind<CreateSegment>({
  kind: 'segment',
  list: 'segments',
  schema: createSegmentSchema,
  keyOf: ({ key }) => key,
  async read({ db, tx }, keys) {
    if (keys !== null)
      await tx.query('select 1 from segment where key = any($1::text[]) order by key for update', [
        wantedKeys(keys),
      ]);
    const found = await new SegmentsService(db).list();
    return found
      .filter(({ key }) => keys === null || keys.includes(key))
      .map((one) => ({
        key: one.key,
        spec: specOf(createSegmentSchema, one),
        state: { version: one.version },
      }));
  },
  async create({ db, acting }, spec) {
    await new SegmentsService(db).create(spec, acting);
    return NO_EFFECT;
  },
  async change({ db, acting }, stored, spec, fields) {
    const { version } = stored.state as { readonly version: number };
    const { key, ...fieldsOf } = spec;
    const given = Object.fromEntries(Object.entries(fieldsOf).filter(([field]) => fields.includes(field)));
    const after = await new SegmentsService(db).patch(key, given, { ...acting, ifMatch: etagOf(version) });
    if (!fields.includes('condition')) return NO_EFFECT;
    const pinned = after.usedBy.filter((use) => use.version !== null).map(({ experiment }) => experiment);
    const free = after.usedBy.filter((use) => use.version === null).map(({ experiment }) => experiment);
    return {
      prose: [
        `Version ${after.version}. It moves nobody: experiments that have started keep the version they started with.`,
        ...(pinned.length > 0 ? [`They are ${pinned.join(', ')}.`] : []),
        ...(free.length > 0 ? [`Not started, and take the new version: ${free.join(', ')}.`] : []),
      ],
    };
  },
});
