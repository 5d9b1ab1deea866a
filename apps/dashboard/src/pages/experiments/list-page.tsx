import { Button, Group } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { ReactElement } from 'react';
import { useEffect } from 'react';
import { Link } from 'react-router';
import { useExperimentList, useFacets, useViews } from '../../api/experiment-list.js';
import type { ExperimentList, Facets } from '../../api/experiment-list.js';
import { useCatalog } from '../../api/queries.js';
import { plural } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import { Icon } from '../../ui/icon.js';
import { PageHeader } from '../../ui/page-header.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import panel from '../../ui/panel.module.css';
import { columnsFor } from './columns.js';
import { FilterBar } from './filter-bar.js';
import { useFilter } from './filter.js';
import type { Filter } from './filter.js';
import { ViewsMenu } from './views-menu.js';

/** While somebody types, the API is asked once they pause. */
const PAUSE_MS = 200;

export function ExperimentsPage(): ReactElement {
  const filter = useFilter();
  const opening = useFirstView(filter);
  const [asked] = useDebouncedValue(filter.asked, PAUSE_MS);
  const query = useExperimentList(asked, !opening);
  const facets = useFacets().data;
  return (
    <>
      <PageHeader
        title="Experiments"
        meta="Every comparison, with the lift of its decision metric and whether it may be trusted."
        actions={
          <Group gap="xs">
            <Button component={Link} to="/calendar" variant="default" leftSection={<Icon name="clock" />}>
              Calendar
            </Button>
            <Button component={Link} to="/experiments/new" leftSection={<Icon name="plus" />}>
              New experiment
            </Button>
          </Group>
        }
      />
      <QueryBoundary
        query={query}
        what="experiments"
        lines={8}
        isEmpty={({ rows }) => rows.length === 0 && !filter.active}
        empty={<NoExperiments facets={facets} />}
      >
        {(list) => (
          <>
            <FilterBar facets={facets} filter={filter} views={<ViewsMenu filter={filter} />} />
            <Listing list={list} facets={facets} filter={filter} />
            {query.hasNextPage ? (
              <Button
                variant="subtle"
                fullWidth
                loading={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                Show more: {list.rows.length} of {list.total} are here
              </Button>
            ) : null}
          </>
        )}
      </QueryBoundary>
    </>
  );
}

/** Opens the view that comes first, once, where the address asks for nothing. @returns whether that is still open. */
function useFirstView({ untouched, open }: Filter): boolean {
  const { data, isPending } = useViews();
  const mine = data?.items.filter(({ isDefault }) => isDefault) ?? [];
  const first = mine.find(({ shared }) => !shared) ?? mine[0];
  useEffect(() => {
    if (untouched && first !== undefined) open(first);
  }, [untouched, first, open]);
  return untouched && (isPending || first !== undefined);
}

const archivedOf = (facets: Facets | undefined): number =>
  facets?.status.find(({ value }) => value === 'archived')?.count ?? 0;

function NoExperiments({ facets }: { facets: Facets | undefined }): ReactElement {
  const archived = archivedOf(facets);
  return (
    <div className={panel.panel}>
      <StateMessage
        icon="experiments"
        title="No experiments yet"
        action={
          <>
            <Button component={Link} to="/experiments/new">
              Create experiment
            </Button>
            <Button component={Link} to="/connect" variant="default">
              Connect an app
            </Button>
          </>
        }
      >
        An experiment compares arms on a surface. Until one runs, every request gets the surface’s default.
        {archived === 0 ? null : (
          <>
            {' '}
            <Link className="mq-link" to="?status=archived">
              {plural(archived, 'experiment')} {archived === 1 ? 'is' : 'are'} archived.
            </Link>
          </>
        )}
      </StateMessage>
    </div>
  );
}

interface ListingProps {
  list: ExperimentList;
  facets: Facets | undefined;
  filter: Filter;
}

function Listing({ list, facets, filter }: ListingProps): ReactElement {
  const metrics = useCatalog().data?.metrics ?? [];
  const { rows } = list;
  const all = facets?.status.reduce((sum, { count }) => sum + count, 0);
  if (rows.length === 0)
    return (
      <div className={panel.panel}>
        <StateMessage
          icon="decisions"
          title={all === undefined ? 'No experiment matches' : `0 of ${plural(all, 'experiment')} match`}
          action={
            <Button variant="default" size="xs" onClick={filter.clear}>
              Clear filters
            </Button>
          }
        />
      </div>
    );
  return (
    <div className={panel.panel}>
      <DataTable
        caption="Experiments"
        columns={columnsFor(rows, metrics)}
        rows={rows}
        rowKey={(row) => row.key}
      />
    </div>
  );
}
