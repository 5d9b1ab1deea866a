import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { segment } from '../../api/http.js';
import { useRead } from '../../api/queries.js';
import type { Json } from '../../api/types.js';
import { plural, probability } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { useUrlState } from '../../ui/url-state.js';
import { chosenText } from './stacked.js';

interface PageEntry {
  id: string;
  parentId: string | null;
  surface: string;
  subject: string | null;
  experiment: string | null;
  arm: string | null;
  chosen: Json;
  propensity: number;
}

interface WholePage {
  top: string;
  decisions: PageEntry[];
  propensity: number;
}

const columns = (own: string): Column<PageEntry>[] => [
  {
    key: 'decision',
    title: 'Decision',
    cell: ({ id, surface }) =>
      id === own ? (
        `${surface}, this one`
      ) : (
        <Link className="mq-link" to={`/decisions/${segment(id)}`}>
          {surface}
        </Link>
      ),
  },
  { key: 'subject', title: 'About', cell: ({ subject }) => subject ?? 'the page' },
  { key: 'chosen', title: 'Chosen', cell: ({ chosen }) => chosenText(chosen) },
  {
    key: 'arm',
    title: 'Arm',
    cell: ({ experiment, arm }) => (experiment === null ? 'default' : `${experiment}, ${arm ?? '—'}`),
  },
  {
    key: 'probability',
    title: 'Probability',
    align: 'right',
    cell: ({ propensity }) => probability(propensity),
  },
];

/** Everything that was decided on the same page: rows, titles, artwork; read when it is asked for. */
export function WholePagePanel({ id }: { id: string }): ReactElement {
  const [shown, show] = useUrlState('page');
  return (
    <Panel
      title="The page that it was part of"
      note="Other decisions of the same request, within the same one on top."
      actions={
        <Button variant="default" size="compact-sm" onClick={() => show(shown === '' ? 'shown' : null)}>
          {shown === '' ? 'Show the page' : 'Hide the page'}
        </Button>
      }
      flush
    >
      {shown === '' ? null : <Entries id={id} />}
    </Panel>
  );
}

function Entries({ id }: { id: string }): ReactElement {
  const page = useRead<WholePage>(`/v1/decisions/${segment(id)}/page`);
  return (
    <QueryBoundary query={page} what="page" lines={6}>
      {({ decisions, propensity }) => (
        <DataTable
          caption={`${plural(decisions.length, 'decision')}, together with a probability of ${probability(propensity)}`}
          columns={columns(id)}
          rows={decisions}
          rowKey={(one) => one.id}
          step={50}
          dense
        />
      )}
    </QueryBoundary>
  );
}
