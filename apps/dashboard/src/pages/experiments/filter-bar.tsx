import { Button, Select, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import type { ExperimentRow } from '../../api/types.js';
import { humanise } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import layout from '../../ui/layout.module.css';
import type { Filter } from './filter.js';

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== '').sort();
}

interface FilterBarProps {
  rows: readonly ExperimentRow[];
  filter: Filter;
}

export function FilterBar({ rows, filter }: FilterBarProps): ReactElement {
  const { value, set } = filter;
  const statuses = distinct(rows.map((row) => row.status)).map((status) => ({
    value: status,
    label: humanise(status),
  }));
  return (
    <div className={layout.toolbar} role="search">
      <TextInput
        className={layout.grow ?? ''}
        aria-label="Search by name, key or tag"
        placeholder="Search by name, key or tag"
        leftSection={<Icon name="decisions" />}
        value={value.text}
        onChange={(event) => set('text', event.currentTarget.value)}
      />
      <Choice
        label="Status"
        all="All statuses"
        data={statuses}
        value={value.status}
        onChange={(next) => set('status', next)}
      />
      <Choice
        label="Surface"
        all="All surfaces"
        data={distinct(rows.map((row) => row.surface))}
        value={value.surface}
        onChange={(next) => set('surface', next)}
      />
      <Choice
        label="Owner"
        all="All owners"
        data={distinct(rows.map((row) => row.owner))}
        value={value.owner}
        onChange={(next) => set('owner', next)}
      />
      {filter.active ? (
        <Button variant="subtle" onClick={filter.clear}>
          Clear
        </Button>
      ) : null}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  all: string;
  data: readonly (string | { value: string; label: string })[];
  value: string;
  onChange: (value: string) => void;
}

function Choice({ label, all, data, value, onChange }: ChoiceProps): ReactElement {
  return (
    <Select
      aria-label={label}
      placeholder={all}
      data={[...data]}
      value={value === '' ? null : value}
      onChange={(next) => onChange(next ?? '')}
      allowDeselect
      w={168}
    />
  );
}
