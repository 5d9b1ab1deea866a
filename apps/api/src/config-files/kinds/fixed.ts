import type { z } from 'zod';
import { BUILT_IN_UNIT_TYPES } from '#experiments';
import { createUnitTypeSchema } from '../../audiences/audience.schemas.js';
import { UnitTypesService } from '../../audiences/unit-types.service.js';
import { Problem } from '../../http/problem.js';
import { createLayerSchema } from '../../layers/layer.schemas.js';
import { LayersService } from '../../layers/layers.service.js';
import { NO_EFFECT, anyKind, specOf } from './kind.js';
import type { ConfigKind } from './kind.js';

function refuseChange(what: string, key: string, fields: readonly string[]): never {
  const [field = ''] = fields;
  const message = `"${key}" is there already, and ${what} never changes: units would be hashed otherwise`;
  throw new Problem(409, 'immutable_field', message, [
    { pointer: `/${field}`, code: 'immutable_field', message },
  ]);
}

type UnitTypeSpec = z.output<typeof createUnitTypeSchema>;
const unitTypes: ConfigKind<UnitTypeSpec> = {
  kind: 'unitType',
  list: 'unitTypes',
  schema: createUnitTypeSchema,
  keyOf: ({ key }) => key,
  async read({ db }, keys) {
    const builtIn = new Set(BUILT_IN_UNIT_TYPES.map(({ key }) => key));
    const found = await new UnitTypesService(db).list();
    return found
      .filter(({ key }) => (keys === null ? !builtIn.has(key) : keys.includes(key)))
      .map((one) => ({ key: one.key, spec: specOf(createUnitTypeSchema, one), state: null }));
  },
  async create({ db, acting }, spec) {
    await new UnitTypesService(db).create(spec, acting);
    return NO_EFFECT;
  },
  change: async (_run, _stored, spec, fields) => refuseChange('a unit type', spec.key, fields),
};

type LayerSpec = z.output<typeof createLayerSchema>;
const layers: ConfigKind<LayerSpec> = {
  kind: 'layer',
  list: 'layers',
  schema: createLayerSchema,
  keyOf: ({ key }) => key,
  async read({ db }, keys) {
    const found = await new LayersService(db).layers();
    return found
      .filter(({ key }) => keys === null || keys.includes(key))
      .map((one) => ({ key: one.key, spec: specOf(createLayerSchema, one), state: null }));
  },
  settle: (wanted, stored) => {
    const salt = wanted.salt ?? stored?.salt;
    const unitType = wanted.unitType ?? stored?.unitType ?? null;
    return { ...wanted, unitType, ...(salt === undefined ? {} : { salt }) };
  },
  async create({ db, acting }, spec) {
    await new LayersService(db).createLayer(spec, acting);
    return NO_EFFECT;
  },
  change: async (_run, _stored, spec, fields) => refuseChange('a layer', spec.key, fields),
};

/** What is made once and never changes. */
export const fixedKinds = [anyKind(unitTypes), anyKind(layers)];
