import { MultiSelect, Select } from '@mantine/core';
import type { ReactElement } from 'react';
import { useItemsOfKind } from '../../api/pages.js';
import type { Json, Surface } from '../../api/types.js';
import { JsonInputField } from '../../ui/json-field.js';
import { valueHint } from './draft.js';

interface ValueFieldProps {
  surface: Surface | undefined;
  value: Json | undefined;
  change: (value: Json | undefined) => void;
  problem: string | undefined;
}

type Options = { value: string; label: string }[];

/** What a fixed arm gives: one of the registered items, an order of them, or any JSON. */
export function ValueField(props: ValueFieldProps): ReactElement {
  const { surface, value, change, problem } = props;
  const known = useItemsOfKind(surface?.candidateKind ?? null).data;
  // Of more than one page of items no list can be offered.
  const items = known === undefined || known.nextCursor ? [] : known.items;
  const data = items.map(({ id, title }) => ({ value: id, label: title === id ? id : `${title} (${id})` }));
  if (data.length > 0 && surface?.kind === 'action') return <ActionField {...props} data={data} />;
  if (data.length > 0 && surface?.kind === 'slate') return <OrderField {...props} data={data} />;
  return (
    <JsonInputField
      label="Value"
      description={valueHint(surface)}
      minRows={1}
      error={problem}
      value={value}
      onChange={change}
    />
  );
}

function ActionField({ value, change, problem, data }: ValueFieldProps & { data: Options }): ReactElement {
  return (
    <Select
      label="Value"
      description="Empty: the surface’s default"
      searchable
      clearable
      limit={100}
      placeholder="The default"
      error={problem}
      data={data}
      value={typeof value === 'string' ? value : null}
      onChange={(id) => change(id ?? undefined)}
    />
  );
}

function OrderField({ value, change, problem, data }: ValueFieldProps & { data: Options }): ReactElement {
  return (
    <MultiSelect
      label="Value"
      description="In the order in which they are chosen; the others follow as registered"
      searchable
      clearable
      limit={100}
      placeholder="The registered order"
      error={problem}
      data={data}
      value={Array.isArray(value) ? value.filter((id) => typeof id === 'string') : []}
      onChange={(ids) => change(ids.length === 0 ? undefined : ids)}
    />
  );
}
