import type { PageLevel, PageQuestion } from '../../api/pages.js';
import type { Json } from '../../api/types.js';
import { useUrlParams } from '../../ui/url-state.js';

export const LEVELS = ['rows', 'titles', 'artwork'] as const satisfies readonly PageLevel[];
export const SIDES = ['left', 'right'] as const;
type Side = (typeof SIDES)[number];
type SideField = `${Side}-${PageLevel}`;

const MOMENT = ['page', 'unit', 'device', 'weekday', 'hour', 'country'] as const;
export type Field = (typeof MOMENT)[number] | SideField | 'beside';
export type PageForm = Record<Field, string>;

export const fieldOf = (side: Side, level: PageLevel): SideField => `${side}-${level}`;
const FIELDS: readonly Field[] = [
  ...MOMENT,
  'beside',
  ...SIDES.flatMap((side) => LEVELS.map((level) => fieldOf(side, level))),
];

/** The form of a page preview, kept in the address. */
export function usePageForm(): [PageForm, (form: PageForm) => void] {
  const [params, set] = useUrlParams();
  const form = Object.fromEntries(FIELDS.map((field) => [field, params.get(field) ?? ''])) as PageForm;
  return [form, (next) => FIELDS.forEach((field) => set(field, next[field].trim()))];
}

/** Null until there is a page to ask for. */
export function pageQuestionOf(form: PageForm): PageQuestion | null {
  if (form.page === '') return null;
  const context: Record<string, Json> = {};
  for (const name of ['device', 'country'] as const) if (form[name] !== '') context[name] = form[name];
  for (const name of ['hour', 'weekday'] as const) if (form[name] !== '') context[name] = Number(form[name]);
  const sides = form.beside === '' ? SIDES.slice(0, 1) : SIDES;
  return {
    page: form.page,
    ...(form.unit === '' ? {} : { unitId: form.unit }),
    context,
    sides: sides.map(
      (side) =>
        Object.fromEntries(LEVELS.map((level) => [level, form[fieldOf(side, level)] || null])) as Record<
          PageLevel,
          string | null
        >,
    ),
  };
}
