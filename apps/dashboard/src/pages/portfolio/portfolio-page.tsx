import { Alert, Button, Select, Switch, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { useCatalog } from '../../api/queries.js';
import type { Portfolio } from '../../api/types-portfolio.js';
import { dateTime, plural } from '../../format/index.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import panel from '../../ui/panel.module.css';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { HoldoutsPanel } from './holdouts-panel.js';
import { PortfolioForest } from './portfolio-forest.js';
import { PortfolioTable, PortfolioTotals } from './portfolio-table.js';
import { usePortfolioView, why } from './portfolio-view.js';
import type { PortfolioView } from './portfolio-view.js';

export function PortfolioPage(): ReactElement {
  const view = usePortfolioView();
  return (
    <>
      <PageHeader
        title="Portfolio"
        meta="What finished experiments brought. Winners look better than they are, because luck helped to choose them; shrunken lifts take that back."
      />
      <Toolbar view={view} />
      <QueryBoundary
        query={view.query}
        what="portfolio"
        lines={8}
        isEmpty={({ rows }) => rows.length === 0}
        empty={<Nothing view={view} />}
      >
        {(portfolio) => <Content portfolio={portfolio} metric={view.metric} />}
      </QueryBoundary>
    </>
  );
}

function Toolbar({ view }: { view: PortfolioView }): ReactElement {
  const metrics = useCatalog().data?.metrics ?? [];
  return (
    <div className={layout.toolbar}>
      <Select
        label="Decision metric"
        placeholder="all metrics"
        w={240}
        clearable
        data={metrics.map(({ key, title }) => ({ value: key, label: title }))}
        value={view.metric || null}
        onChange={view.setMetric}
      />
      <TextInput
        label="Ended from"
        type="date"
        value={view.from}
        onChange={(event) => view.setFrom(event.currentTarget.value)}
      />
      <TextInput
        label="Ended before"
        type="date"
        value={view.to}
        onChange={(event) => view.setTo(event.currentTarget.value)}
      />
      <Switch
        label="Include running experiments"
        checked={view.running}
        onChange={(event) => view.setRunning(event.currentTarget.checked)}
      />
    </div>
  );
}

function Nothing({ view }: { view: PortfolioView }): ReactElement {
  const filtered = view.metric !== '' || view.from !== '' || view.to !== '';
  return (
    <div className={panel.panel}>
      <StateMessage
        icon="experiments"
        title={filtered ? 'No experiment matches' : 'No finished experiment yet'}
        action={
          filtered ? (
            <Button component={Link} to={view.running ? '?running=1' : '?'} variant="default" size="xs">
              Clear filters
            </Button>
          ) : view.running ? undefined : (
            <Button size="xs" onClick={() => view.setRunning(true)}>
              Show running ones
            </Button>
          )
        }
      >
        The portfolio compares experiments that were stopped or shipped. Running ones can be shown as if they
        ended now.
      </StateMessage>
    </div>
  );
}

function Content({ portfolio, metric }: { portfolio: Portfolio; metric: string }): ReactElement {
  const { rows, totals, reason, experiments, asOf } = portfolio;
  const several = totals.length > 1;
  const main = totals.find((total) => total.metric === metric) ?? totals[0];
  return (
    <div className={layout.stack}>
      {reason === null ? null : (
        <Alert color="blue" variant="light" title="Lifts are not shrunken">
          {why(reason)}
        </Alert>
      )}
      <Panel
        title="Lifts"
        note={`${plural(experiments, 'experiment')}, as of ${dateTime(asOf)}.${several ? ' Relative lifts of all metrics share one distribution of true lifts; choose a metric to judge it by itself.' : ''}`}
      >
        <PortfolioForest portfolio={portfolio} />
      </Panel>
      <Panel
        title="Sums"
        note="By metric, positive is good for the product. A win is clear of zero by the report’s own interval. Sums assume that lifts add up."
        flush
      >
        <PortfolioTotals totals={totals} />
      </Panel>
      {main === undefined ? null : <HoldoutsPanel metric={main.metric} title={main.title} />}
      <Panel title="Experiments" flush>
        <PortfolioTable rows={rows} reason={reason} />
      </Panel>
    </div>
  );
}
