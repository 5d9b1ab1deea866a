import { surfaceSchema } from '../../surfaces/surfaces.controller.js';
import type { SurfaceBody } from '../../surfaces/surfaces.controller.js';
import { SurfacesService } from '../../surfaces/surfaces.service.js';
import { NO_EFFECT, anyKind, specOf, wantedKeys } from './kind.js';

export const surfaces = anyKind<SurfaceBody>({
  kind: 'surface',
  list: 'surfaces',
  schema: surfaceSchema,
  keyOf: ({ key }) => key,
  async read({ db, tx }, keys) {
    if (keys !== null)
      await tx.query('select 1 from surface where key = any($1::text[]) order by key for update', [
        wantedKeys(keys),
      ]);
    const found = await new SurfacesService(db).list();
    return found
      .filter(({ key }) => keys === null || keys.includes(key))
      .map((one) => ({ key: one.key, spec: specOf(surfaceSchema, one), state: null }));
  },
  async create({ db, acting }, spec) {
    await new SurfacesService(db).create(spec, acting);
    return NO_EFFECT;
  },
  async change({ db, acting }, _stored, spec, fields) {
    await new SurfacesService(db).put(spec, acting);
    return {
      prose: [
        ...(fields.includes('defaultValue')
          ? ['Units for whom no experiment decides get the new default at once.']
          : []),
        ...(fields.includes('candidateKind')
          ? ['Policies choose among the items of the new kind at once.']
          : []),
      ],
    };
  },
});
