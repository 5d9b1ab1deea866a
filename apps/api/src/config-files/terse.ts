import type { ConfigKind, Spec } from './kinds/kind.js';
import { sameJson } from './kinds/kind.js';

type Arms = readonly Readonly<Record<string, unknown>>[];

/** Of an arm what its key and the defaults do not say. */
const terseArms = (arms: Arms): Arms =>
  arms.map(({ title, isControl, ...arm }) => ({
    key: arm['key'],
    ...(title === arm['key'] ? {} : { title }),
    ...(isControl === true ? { isControl } : {}),
    ...arm,
  }));

/** Whether a file without the field would mean the same. */
function isImplied(kind: ConfigKind, spec: Spec, field: string): boolean {
  const { [field]: value, ...rest } = spec;
  const parsed = kind.schema.safeParse(rest);
  if (!parsed.success) return false;
  const settled = kind.settle?.(parsed.data, null) ?? parsed.data;
  return sameJson(settled[field], value);
}

/** A spec without what has its default: a file that people read. It means the same. */
export function terseSpec(kind: ConfigKind, spec: Spec): Spec {
  const kept = Object.entries(spec).filter(([field]) => !isImplied(kind, spec, field));
  return Object.fromEntries(
    kept.map(([field, value]) => [field, field === 'arms' ? terseArms(value as Arms) : value]),
  );
}
