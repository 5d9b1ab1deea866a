import { Alert, Button, Group, NativeSelect, TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { ApiError } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import type { Item, PageLayout } from '../../api/pages.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import layoutStyles from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { StateMessage } from '../../ui/state-message.js';
import { When } from '../../ui/details.js';
import { isOver, sourceOf } from './draft.js';

interface RowsPanelProps {
  layout: PageLayout;
  rows: readonly Item[];
  /** Kind of the rows' items; null: the surface has no registered candidates. */
  kind: string | null;
}

/** The rows that there are: what each shows by this layout, and where it stands. Rows belong to the catalogue, not to the page. */
export function RowsPanel({ layout, rows, kind }: RowsPanelProps): ReactElement {
  const [now] = useState(() => Date.now());
  return (
    <Panel
      title="Rows"
      note="Every row that may stand on the page. A row is an item of the catalogue: adding or hiding one takes effect at once, also on other pages."
    >
      <div className={layoutStyles.stack}>
        {rows.length === 0 ? (
          <StateMessage title="There are no rows" />
        ) : (
          <DataTable
            caption="Rows"
            columns={columnsOf(layout, now)}
            rows={rows}
            rowKey={({ id }) => id}
            dense
            maxHeight={360}
          />
        )}
        {kind === null ? null : <AddRow kind={kind} layout={layout} rows={rows} />}
      </div>
    </Panel>
  );
}

function columnsOf(layout: PageLayout, now: number): Column<Item>[] {
  return [
    {
      key: 'row',
      title: 'Row',
      cell: ({ id, title }) => (
        <>
          {title || id} <span className="mq-mono">{id}</span>
        </>
      ),
    },
    { key: 'kind', title: 'Its titles', cell: ({ features }) => kindOf(layout, features) },
    {
      key: 'place',
      title: 'Place',
      cell: ({ id }) => {
        const pin = layout.pins.find((one) => one.row === id && one.title === null);
        if (pin === undefined || isOver(pin, now)) return 'ranked';
        return (
          <>
            pinned at {pin.position} until <When at={pin.until} />
          </>
        );
      },
    },
    { key: 'shown', title: 'Shown', cell: (row) => <Shown row={row} /> },
  ];
}

function kindOf({ sources }: PageLayout, features: Item['features']): string {
  const index = sourceOf(features, sources);
  const source = sources[index];
  if (source === undefined) return 'every title';
  const detail = source.feature ?? source.attribute;
  return `kind ${index + 1}: ${source.from}${detail === undefined ? '' : ` ${detail}`}`;
}

function Shown({ row }: { row: Item }): ReactElement {
  const write = useWrite(['/v1/items', '/v1/pages']);
  const { id, kind, subject, title, features, available, position } = row;
  return (
    <Button
      variant="subtle"
      size="compact-xs"
      aria-label={available ? `Hide ${title || id}` : `Show ${title || id}`}
      loading={write.isPending}
      onClick={() =>
        write.mutate({
          path: '/v1/items',
          body: { items: [{ id, kind, subject, title, features, available: !available, position }] },
        })
      }
    >
      {available ? 'yes, hide it' : 'no, show it'}
    </Button>
  );
}

/** A feature that a kind of row asks for, or that is matched, offered as the way to say what the row is about. */
function featuresOf({ sources }: PageLayout, kind: string, value: string): Record<string, string> {
  const [feature = '', wanted = ''] = kind.split('=');
  const source = sources.find(({ rows }) => rows?.feature === feature && rows.value === wanted);
  const about = source?.from === 'match' ? (source.of ?? source.feature ?? '') : '';
  return {
    ...(feature === '' || wanted === '' ? {} : { [feature]: wanted }),
    ...(about === '' || value === '' ? {} : { [about]: value }),
  };
}

function AddRow({
  kind,
  layout,
  rows,
}: {
  kind: string;
  layout: PageLayout;
  rows: readonly Item[];
}): ReactElement {
  const [id, setId] = useState('');
  const [title, setTitle] = useState('');
  const [sort, setSort] = useState('');
  const [about, setAbout] = useState('');
  const write = useWrite(['/v1/items', '/v1/pages']);
  const kinds = layout.sources.flatMap((source, i) =>
    source.rows === null
      ? []
      : [
          {
            value: `${source.rows.feature}=${source.rows.value}`,
            label: `Kind ${i + 1}: ${source.rows.feature} ${source.rows.value}`,
            source,
          },
        ],
  );
  const matches = kinds.find(({ value }) => value === sort)?.source.from === 'match';
  const taken = rows.some((row) => row.id === id.trim());
  const error = (field: string): string | undefined =>
    write.error instanceof ApiError
      ? write.error.fields.find(({ pointer }) => pointer === `/items/0/${field}`)?.message
      : undefined;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const position = rows.reduce((last, row) => Math.max(last, row.position), -1) + 1;
    const item = {
      id: id.trim(),
      kind,
      title: title.trim(),
      features: featuresOf(layout, sort, about.trim()),
      position,
    };
    write.mutate(
      { path: '/v1/items', body: { onlyNew: true, items: [item] } },
      {
        onSuccess: () => {
          setId('');
          setTitle('');
          setAbout('');
        },
      },
    );
  };
  return (
    <form onSubmit={submit} aria-label="Add a row">
      <Group align="flex-start" gap="sm">
        <TextInput
          label="Name of the new row"
          value={title}
          error={error('title')}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <TextInput
          label="Its id"
          value={id}
          error={taken ? 'is taken' : error('id')}
          onChange={(event) => setId(event.currentTarget.value)}
        />
        <NativeSelect
          label="Its kind"
          data={[{ value: '', label: 'Every title' }, ...kinds.map(({ value, label }) => ({ value, label }))]}
          value={sort}
          onChange={(event) => setSort(event.currentTarget.value)}
        />
        {matches ? (
          <TextInput
            label="What it is about"
            value={about}
            error={error('features')}
            onChange={(event) => setAbout(event.currentTarget.value)}
          />
        ) : null}
        <Button
          type="submit"
          variant="default"
          mt={24}
          loading={write.isPending}
          disabled={title.trim() === '' || id.trim() === '' || taken}
        >
          Add the row
        </Button>
      </Group>
      {write.error === null ? null : (
        <Alert color="orange" variant="light" mt="sm" title="The row was not added" role="alert">
          {write.error.message}
        </Alert>
      )}
    </form>
  );
}
