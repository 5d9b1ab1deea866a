import { Button, Collapse, MultiSelect, Select, TextInput } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useId, useState } from 'react';
import type { Facet, FacetField, Facets } from '../../api/experiment-list.js';
import { humanise } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import layout from '../../ui/layout.module.css';
import type { Filter } from './filter.js';

const MORE = [
  ['layer', 'Layer'],
  ['tag', 'Tag'],
  ['metric', 'Metric'],
  ['policyKind', 'Policy kind'],
  ['unitType', 'Unit type'],
  ['managed', 'Changed in'],
] as const satisfies readonly (readonly [FacetField, string])[];

const SORTS = [
  { value: 'state', label: 'State, then latest' },
  { value: 'started', label: 'Started last' },
  { value: 'updated', label: 'Changed last' },
  { value: 'created', label: 'Newest' },
  { value: 'title', label: 'Name' },
  { value: 'units', label: 'Most units' },
];

interface FilterBarProps {
  facets: Facets | undefined;
  filter: Filter;
  /** The menu of saved views. */
  views: ReactNode;
}

export function FilterBar({ facets, filter, views }: FilterBarProps): ReactElement {
  const { value, set } = filter;
  const id = useId();
  const used = MORE.filter(([field]) => value[field] !== undefined).length;
  const [more, setMore] = useState(used > 0);
  const open = more || used > 0;
  return (
    <div role="search">
      <div className={layout.toolbar}>
        {views}
        <TextInput
          className={layout.grow ?? ''}
          aria-label="Search by name, key or tag"
          placeholder="Search by name, key or tag"
          leftSection={<Icon name="decisions" />}
          maxLength={200}
          value={value.text ?? ''}
          onChange={(event) => set({ text: event.currentTarget.value })}
        />
        <MultiSelect
          aria-label="State"
          placeholder={value.status === undefined ? 'All but archived' : ''}
          data={choices(facets?.status, humanise)}
          value={value.status?.split(',') ?? []}
          onChange={(next) => set({ status: next.join(',') })}
          clearable
          w={200}
        />
        <Choice label="Surface" field="surface" facets={facets} filter={filter} />
        <Choice label="Owner" field="owner" facets={facets} filter={filter} />
        <Select
          aria-label="Order"
          data={SORTS}
          value={value.sort ?? 'state'}
          onChange={(next) => set({ sort: next === 'state' ? '' : (next ?? '') })}
          allowDeselect={false}
          w={168}
        />
        <Direction filter={filter} />
        {used > 0 ? null : (
          <Button variant="subtle" aria-expanded={open} aria-controls={id} onClick={() => setMore(!open)}>
            {open ? 'Fewer filters' : 'More filters'}
          </Button>
        )}
        {filter.active ? (
          <Button variant="subtle" onClick={filter.clear}>
            Clear
          </Button>
        ) : null}
      </div>
      <Collapse id={id} expanded={open}>
        <div className={layout.toolbar}>
          {MORE.map(([field, label]) => (
            <Choice key={field} label={label} field={field} facets={facets} filter={filter} />
          ))}
        </div>
      </Collapse>
    </div>
  );
}

function Direction({ filter: { value, set } }: { filter: Filter }): ReactElement {
  const reversed = value.order === 'reversed';
  return (
    <Button
      variant="default"
      aria-pressed={reversed}
      onClick={() => set({ order: reversed ? '' : 'reversed' })}
    >
      {reversed ? 'Reversed' : 'Reverse'}
    </Button>
  );
}

const MANAGED: Readonly<Record<string, string>> = { files: 'Files', hand: 'The dashboard' };

/** Values with how many experiments have them. */
const choices = (facets: readonly Facet[] | undefined, word: (value: string) => string) =>
  (facets ?? []).map(({ value, count }) => ({ value, label: `${word(value)} (${count})` }));

interface ChoiceProps {
  label: string;
  field: FacetField;
  facets: Facets | undefined;
  filter: Filter;
}

function Choice({ label, field, facets, filter }: ChoiceProps): ReactElement {
  const value = filter.value[field] ?? null;
  const word = (given: string): string => (field === 'managed' ? (MANAGED[given] ?? given) : given);
  const data = choices(facets?.[field], word);
  // A value of the address that no experiment has any more must still show, to be taken out.
  const known = value === null || data.some((choice) => choice.value === value);
  return (
    <Select
      aria-label={label}
      placeholder={label}
      data={known ? data : [...data, { value, label: `${word(value)} (0)` }]}
      value={value}
      onChange={(next) => filter.set({ [field]: next ?? '' })}
      searchable
      clearable
      w={168}
    />
  );
}
