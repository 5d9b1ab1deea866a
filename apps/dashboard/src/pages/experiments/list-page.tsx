import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { useCatalog, useExperiments } from '../../api/queries.js';
import type { ExperimentRow } from '../../api/types.js';
import { plural } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import { Icon } from '../../ui/icon.js';
import { PageHeader } from '../../ui/page-header.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import panel from '../../ui/panel.module.css';
import { columnsFor } from './columns.js';
import { FilterBar } from './filter-bar.js';
import { applyFilter, useFilter } from './filter.js';

/** Rows per step: a long list stays quick without a second scroll area. */
const STEP = 50;

export function ExperimentsPage(): ReactElement {
  const query = useExperiments();
  return (
    <>
      <PageHeader
        title="Experiments"
        meta="Every comparison, with the lift of its decision metric and whether it may be trusted."
        actions={
          <Button component={Link} to="/experiments/new" leftSection={<Icon name="plus" />}>
            New experiment
          </Button>
        }
      />
      <QueryBoundary
        query={query}
        what="experiments"
        lines={8}
        isEmpty={(page) => page.items.length === 0}
        empty={<NoExperiments />}
      >
        {(page) => <Listing rows={page.items} />}
      </QueryBoundary>
    </>
  );
}

function NoExperiments(): ReactElement {
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
      </StateMessage>
    </div>
  );
}

function Listing({ rows }: { rows: readonly ExperimentRow[] }): ReactElement {
  const filter = useFilter();
  const metrics = useCatalog().data?.metrics ?? [];
  const found = applyFilter(rows, filter.value);
  return (
    <>
      <FilterBar rows={rows} filter={filter} />
      <div className={panel.panel}>
        {found.length === 0 ? (
          <StateMessage
            icon="decisions"
            title={`0 of ${plural(rows.length, 'experiment')} match`}
            action={
              <Button variant="default" size="xs" onClick={filter.clear}>
                Clear filters
              </Button>
            }
          />
        ) : (
          <DataTable
            caption="Experiments"
            columns={columnsFor(found, metrics)}
            rows={found}
            step={STEP}
            rowKey={(row) => row.key}
          />
        )}
      </div>
    </>
  );
}
