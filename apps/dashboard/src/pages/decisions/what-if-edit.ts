import type { WhatIf } from '../../api/replays.js';
import type { Json } from '../../api/types.js';

export const NO_EDIT: WhatIf = { context: {}, actions: {} };

export const isEmpty = (edit: WhatIf): boolean =>
  Object.keys(edit.context).length === 0 &&
  Object.keys(edit.actions).length === 0 &&
  edit.policyId === undefined &&
  edit.version === undefined;

const isObject = (value: unknown): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The edit in the address; what cannot be read counts as none. */
export function readEdit(text: string): WhatIf {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return NO_EDIT;
  }
  if (!isObject(given)) return NO_EDIT;
  const { context, actions, policyId, version } = given;
  return {
    context: isObject(context) ? context : {},
    actions: isObject(actions) ? (actions as WhatIf['actions']) : {},
    ...(typeof policyId === 'string' ? { policyId } : {}),
    ...(typeof version === 'number' ? { version } : {}),
  };
}

export const writeEdit = (edit: WhatIf): string | null => (isEmpty(edit) ? null : JSON.stringify(edit));

/** Numbers, true, false and lists as JSON writes them; anything else is a text. */
export function valueOf(text: string): Json {
  const trimmed = text.trim();
  if (!/^(-?\d|true$|false$|\[|")/.test(trimmed)) return text;
  try {
    return JSON.parse(trimmed) as Json;
  } catch {
    return text;
  }
}

/** @param action null: an attribute of the context. @param value null takes it away; undefined takes the edit back. */
export function withChange(
  edit: WhatIf,
  action: string | null,
  name: string,
  value: Json | undefined,
): WhatIf {
  const changed = (of: Record<string, Json>): Record<string, Json> => {
    const { [name]: _before, ...rest } = of;
    return value === undefined ? rest : { ...rest, [name]: value };
  };
  if (action === null) return { ...edit, context: changed(edit.context) };
  const { [action]: before, ...others } = edit.actions;
  const features = changed(before ?? {});
  const actions = Object.keys(features).length === 0 ? others : { ...others, [action]: features };
  return { ...edit, actions };
}

export interface Change {
  action: string | null;
  name: string;
  value: Json;
}

export const changesIn = (edit: WhatIf): Change[] => [
  ...Object.entries(edit.context).map(([name, value]) => ({ action: null, name, value })),
  ...Object.entries(edit.actions).flatMap(([action, features]) =>
    Object.entries(features ?? {}).map(([name, value]) => ({ action, name, value })),
  ),
];
