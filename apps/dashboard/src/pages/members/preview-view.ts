import type { PreviewQuestion } from '../../api/members.js';
import type { Json } from '../../api/types.js';
import { useUrlParams } from '../../ui/url-state.js';

const FIELDS = [
  'surface',
  'subject',
  'unit',
  'device',
  'day',
  'weekday',
  'hour',
  'limit',
  'left',
  'right',
] as const;
export type PreviewForm = Record<(typeof FIELDS)[number], string>;

/** The form of a preview, kept in the address. */
export function usePreviewForm(): [PreviewForm, (form: PreviewForm) => void] {
  const [params, set] = useUrlParams();
  const form = Object.fromEntries(FIELDS.map((field) => [field, params.get(field) ?? ''])) as PreviewForm;
  return [form, (next) => FIELDS.forEach((field) => set(field, next[field].trim()))];
}

const DEFAULT_LIMIT = 20;
const MOST = 100;

/** Null until there is a surface and a policy to ask. */
export function questionOf(form: PreviewForm): PreviewQuestion | null {
  if (form.surface === '' || form.left === '') return null;
  const context: Record<string, Json> = {};
  if (form.device !== '') context['device'] = form.device;
  for (const name of ['hour', 'weekday'] as const) if (form[name] !== '') context[name] = Number(form[name]);
  return {
    surface: form.surface,
    subject: form.subject === '' ? null : form.subject,
    ...(form.unit === '' ? {} : { unitId: form.unit }),
    context,
    // Seasons go by the date of the request; noon is the same day nearly everywhere.
    ...(form.day === '' ? {} : { at: `${form.day}T12:00:00Z` }),
    limit: Math.min(MOST, Math.max(1, Math.round(Number(form.limit) || DEFAULT_LIMIT))),
    policies: [form.left, form.right].filter((id) => id !== '').map((policyId) => ({ policyId })),
  };
}
