import { createHoldoutSchema } from '../../layers/layer.schemas.js';
import type { CreateHoldout } from '../../layers/layer.schemas.js';
import { LayersService } from '../../layers/layers.service.js';
import { Problem } from '../../http/problem.js';
import { NO_EFFECT, anyKind, specOf, wantedKeys } from './kind.js';

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

function proseOf(before: CreateHoldout, after: CreateHoldout): string[] {
  const told: string[] = [];
  if (before.enabled !== after.enabled)
    told.push(
      after.enabled
        ? 'Its units get the defaults from now on.'
        : 'Its units get what others get from now on.',
    );
  if (before.share !== after.share)
    told.push(
      `share: ${percent(before.share)} becomes ${percent(after.share)}; ${after.share > before.share ? 'nobody leaves it' : 'some leave it'}.`,
    );
  return told;
}

export const holdouts = anyKind<CreateHoldout>({
  kind: 'holdout',
  list: 'holdouts',
  schema: createHoldoutSchema,
  keyOf: ({ key }) => key,
  async read({ db, tx }, keys) {
    if (keys !== null)
      await tx.query('select 1 from holdout where key = any($1::text[]) order by key for update', [
        wantedKeys(keys),
      ]);
    const found = await new LayersService(db).holdouts();
    return found
      .filter(({ key }) => keys === null || keys.includes(key))
      .map((one) => ({
        key: one.key,
        spec: specOf(createHoldoutSchema, one),
        state: { revision: one.revision },
      }));
  },
  async create({ db, acting }, spec) {
    await new LayersService(db).createHoldout(spec, acting);
    return spec.enabled
      ? { prose: [`About ${percent(spec.share)} of units of the type "${spec.unitType}" get the defaults.`] }
      : NO_EFFECT;
  },
  async change({ db, acting }, stored, { key, unitType: _fixed, ...rest }, fields) {
    if (fields.includes('unitType')) {
      const message = `is on "${stored.spec.unitType}"; another unit type would hold other units out`;
      throw new Problem(409, 'immutable_field', `"${key}" ${message}`, [
        { pointer: '/unitType', code: 'immutable_field', message },
      ]);
    }
    const given = Object.fromEntries(Object.entries(rest).filter(([field]) => fields.includes(field)));
    await new LayersService(db).patchHoldout(key, given, acting);
    return { prose: proseOf(stored.spec, { ...stored.spec, ...given }) };
  },
});
