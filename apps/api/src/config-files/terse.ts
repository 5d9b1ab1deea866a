import { z } from 'zod';
import type { ManagedPart } from '../access/managed.js';
import type { ConfigKind, Spec, Stored } from './kinds/kind.js';
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

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value without the fields that its schema fills in, at every depth. */
function terseBy(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return terseBy(schema.unwrap(), value);
  if (schema instanceof z.ZodArray && Array.isArray(value))
    return value.map((one) => terseBy(schema.element, one));
  if (schema instanceof z.ZodRecord && isRecord(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, terseBy(schema.valueType, one)]),
    );
  if (!(schema instanceof z.ZodObject) || !isRecord(value)) return value;
  const filled = (name: string): boolean => {
    const field = (schema.shape as Record<string, z.ZodType | undefined>)[name]?.safeParse(undefined);
    return field?.success === true && sameJson(field.data, value[name]);
  };
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !filled(name))
      .map(([name, one]) => [name, terseBy((schema.shape as Record<string, unknown>)[name], one)]),
  );
}

function terseField(kind: ConfigKind, field: string, value: unknown): unknown {
  if (field === 'arms') return terseArms(value as Arms);
  const part = kind.parts?.[field as ManagedPart];
  return part ? terseBy(part, value) : value;
}

/** A spec without what has its default: a file that people read. It means the same. */
export function terseSpec(kind: ConfigKind, { spec, told = [] }: Stored): Spec {
  const kept = Object.entries(spec).filter(
    ([field]) => told.includes(field as ManagedPart) || !isImplied(kind, spec, field),
  );
  return Object.fromEntries(kept.map(([field, value]) => [field, terseField(kind, field, value)]));
}
