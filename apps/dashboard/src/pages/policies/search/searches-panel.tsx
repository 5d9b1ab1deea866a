import { Button, NativeSelect } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { segment } from '../../../api/http.js';
import { useSearchLog } from '../../../api/search.js';
import type { SearchLog } from '../../../api/search.js';
import { downloadCsv } from '../../../charts/csv.js';
import { count, percent, plural } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { Stat, Stats } from '../../../ui/details.js';
import layout from '../../../ui/layout.module.css';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { StateMessage } from '../../../ui/state-message.js';
import { useUrlState } from '../../../ui/url-state.js';

const PERIODS = ['7', '14', '30', '90'].map((value) => ({ value, label: `${value} days` }));
const ORDERS = [
  { value: 'without-result', label: 'Without result first' },
  { value: 'without-play', label: 'Without play first' },
  { value: 'searches', label: 'Most searched first' },
];

type Row = SearchLog['queries'][number];

const known = (options: readonly { value: string }[], chosen: string, otherwise: string): string =>
  options.some(({ value }) => value === chosen) ? chosen : otherwise;

/** What members typed that found nothing, or led to nothing. */
export function SearchesPanel({ id }: { id: string }): ReactElement {
  const [chosenDays, setDays] = useUrlState('days');
  const [chosenOrder, setOrder] = useUrlState('order');
  const days = known(PERIODS, chosenDays, '14');
  const order = known(ORDERS, chosenOrder, 'without-result');
  const query = useSearchLog(id, days, order);
  return (
    <Panel
      title="What members searched for"
      note="The newest 20,000 searches of the period at most. Queries that few members typed are counted and not shown."
      actions={
        <>
          <NativeSelect
            size="xs"
            aria-label="Order"
            data={ORDERS}
            value={order}
            onChange={({ currentTarget }) =>
              setOrder(currentTarget.value === 'without-result' ? null : currentTarget.value)
            }
          />
          <NativeSelect
            size="xs"
            aria-label="Period"
            data={PERIODS}
            value={days}
            onChange={({ currentTarget }) =>
              setDays(currentTarget.value === '14' ? null : currentTarget.value)
            }
          />
        </>
      }
    >
      <QueryBoundary
        query={query}
        what="searches"
        lines={8}
        isEmpty={(data) => data.searches === 0}
        empty={<StateMessage icon="policies" title={`No search in ${days} days`} />}
      >
        {(data) => <Log id={id} log={data} />}
      </QueryBoundary>
    </Panel>
  );
}

function Log({ id, log }: { id: string; log: SearchLog }): ReactElement {
  const of = (part: number): string => percent(log.searches === 0 ? 0 : part / log.searches, 1);
  return (
    <div className={layout.stack}>
      <Stats>
        <Stat label="Searches" value={count(log.searches)} note={`success: ${log.outcomes.join(', ')}`} />
        <Stat
          label="Without result"
          value={of(log.withoutResult)}
          note={plural(log.withoutResult, 'search', 'searches')}
        />
        <Stat
          label="Without play"
          value={of(log.withoutPlay)}
          note={plural(log.withoutPlay, 'search', 'searches')}
        />
        <Stat label="Tried again" value={of(log.again)} note="within 10 minutes, after no success" />
        <Stat label="Not shown" value={of(log.rare)} note={`by fewer than ${log.leastMembers} members`} />
      </Stats>
      {log.queries.length === 0 ? (
        <StateMessage title="No query was typed by enough members" />
      ) : (
        <>
          <DataTable
            caption="Queries"
            columns={columnsFor(id)}
            rows={log.queries}
            rowKey={({ query }) => query}
            dense
            step={25}
          />
          <div>
            <Button size="xs" variant="default" aria-label="CSV of queries" onClick={() => save(log.queries)}>
              CSV
            </Button>
          </div>
        </>
      )}
    </div>
  );
}

const figure = (
  key: 'searches' | 'members' | 'withoutResult' | 'withoutPlay',
  title: string,
): Column<Row> => ({
  key,
  title,
  align: 'right',
  cell: (row) => count(row[key]),
});

const columnsFor = (id: string): readonly Column<Row>[] => [
  {
    key: 'query',
    title: 'Query',
    cell: ({ query }) => (
      <Link className="mq-link" to={`/policies/${segment(id)}/search?q=${encodeURIComponent(query)}`}>
        {query}
      </Link>
    ),
  },
  figure('searches', 'Searches'),
  figure('members', 'Members'),
  figure('withoutResult', 'Without result'),
  figure('withoutPlay', 'Without play'),
];

function save(rows: readonly Row[]): void {
  const headings = {
    query: 'Query',
    searches: 'Searches',
    members: 'Members',
    withoutResult: 'Without result',
    withoutPlay: 'Without play',
  };
  downloadCsv(
    'Queries',
    headings,
    rows.map((row) => ({ id: row.query, cells: { ...row } })),
  );
}
