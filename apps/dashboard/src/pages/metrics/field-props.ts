import type { FieldError } from '../../api/http.js';
import type { Catalog } from '../../api/types.js';
import type { MetricDraft } from './metric-draft.js';

/** Message by JSON pointer. */
export type Problems = Readonly<Record<string, string>>;

/** What the sections of the form share. */
export interface SectionProps {
  draft: MetricDraft;
  set: (change: Partial<MetricDraft>) => void;
  problems: Problems;
  outcomes: Catalog['outcomes'];
}

/** A deeper pointer is shown at the field it lies in. */
export const problemsOf = (errors: readonly FieldError[]): Problems =>
  Object.fromEntries(
    errors.map(({ pointer, message }) => [
      pointer.replace(/(\/where\/\d+)\/.*$/, '$1').replace(/(\/(?:days|cap|events))\/.*$/, '$1'),
      message,
    ]),
  );
