import { Button, Select, Switch } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Calendar } from '../../api/lifecycle.js';
import layout from '../../ui/layout.module.css';
import { EVERY_KIND, REASON, SPANS } from './calendar-view.js';
import type { CalendarChoice } from './calendar-view.js';

const NAMES = ['surface', 'layer', 'experiment', 'reason'] as const;

interface CalendarFiltersProps {
  calendar: Calendar;
  choice: CalendarChoice;
  set: (name: keyof CalendarChoice, value: string | null) => void;
}

/** What of the calendar is shown. */
export function CalendarFilters({ calendar: { items }, choice, set }: CalendarFiltersProps): ReactElement {
  const distinct = (values: readonly string[]): string[] => [...new Set(values)].sort();
  const pick = (
    name: (typeof NAMES)[number],
    label: string,
    data: string[] | { value: string; label: string }[],
  ) => (
    <Select
      aria-label={label}
      placeholder={label}
      data={data}
      value={choice[name] === '' ? null : choice[name]}
      onChange={(value) => set(name, value)}
      searchable
      clearable
      w={180}
    />
  );
  return (
    <div className={layout.toolbar} role="search">
      {pick('surface', 'Surface', distinct(items.map(({ surface }) => surface)))}
      {pick('layer', 'Layer', distinct(items.flatMap(({ layers }) => layers.map(({ layer }) => layer))))}
      {pick(
        'experiment',
        'Experiment',
        items.map(({ key, title }) => ({ value: key, label: title })),
      )}
      {pick(
        'reason',
        'Kind of clash',
        [...Object.entries(REASON), [EVERY_KIND, 'Every kind']].map(([value = '', label = '']) => ({
          value,
          label,
        })),
      )}
      <Select
        aria-label="Span"
        data={SPANS}
        value={choice.weeks}
        onChange={(value) => set('weeks', value === '4' ? null : value)}
        allowDeselect={false}
        w={180}
      />
      <Select
        aria-label="Group by"
        data={[
          { value: 'surface', label: 'By surface' },
          { value: 'layer', label: 'By layer' },
        ]}
        value={choice.group}
        onChange={(value) => set('group', value === 'layer' ? value : null)}
        allowDeselect={false}
        w={140}
      />
      <Switch
        label="Drafts, as if started now"
        checked={choice.drafts}
        style={{ alignSelf: 'center' }}
        onChange={(event) => set('drafts', event.currentTarget.checked ? 'yes' : null)}
      />
      {NAMES.some((name) => choice[name] !== '') ? (
        <Button variant="subtle" onClick={() => NAMES.forEach((name) => set(name, null))}>
          Clear
        </Button>
      ) : null}
    </div>
  );
}
