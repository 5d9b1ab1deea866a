import { Button, Select, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useCoverage } from '../../api/item-coverage.js';
import type { CoveragePage, CoverageView } from '../../api/item-coverage.js';
import { count, dateTime, decimal, humanise, percent, plural } from '../../format/index.js';
import { Stat, Stats } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlParams } from '../../ui/url-state.js';
import { ExposureChart } from './exposure-chart.js';
import { ItemTable } from './item-table.js';

const DAYS = ['7', '28', '90'];
const PAGE = 100;
const SHOW = [
  { value: 'all', label: 'All items' },
  { value: 'cold', label: 'Cold ones' },
  { value: 'without-features', label: 'Without features' },
  { value: 'never-shown', label: 'Never seen' },
];
const SORT = [
  { value: 'exposures', label: 'Exposures' },
  { value: 'outcomes', label: 'Outcomes' },
  { value: 'title', label: 'Title' },
];

type Change = (name: keyof CoverageView, value: string | null) => void;

function useView(): [CoverageView, Change] {
  const [params, set] = useUrlParams();
  const of = (name: string, otherwise = ''): string => params.get(name) ?? otherwise;
  return [
    {
      kind: of('kind'),
      days: of('days', '28'),
      search: of('search'),
      show: of('show', 'all'),
      sort: of('sort', 'exposures'),
      cursor: of('cursor'),
    },
    (name, value) => {
      if (name !== 'cursor') set('cursor', null);
      set(name, value);
    },
  ];
}

/** What there is to show: how well it is known, who saw it, and what nobody has used yet. */
export function CataloguePage(): ReactElement {
  const [view, change] = useView();
  const coverage = useCoverage(view);
  return (
    <>
      <PageHeader
        title="Catalogue"
        meta="Titles, rows and artwork: what is known of them, and what members saw and used."
      />
      <Toolbar
        key={view.search}
        view={view}
        change={change}
        kinds={coverage.data?.kinds ?? []}
        chosen={coverage.data?.kind ?? null}
      />
      <QueryBoundary
        query={coverage}
        what="catalogue"
        lines={8}
        isEmpty={({ kind }) => kind === null}
        empty={
          <StateMessage title="No item is registered yet">
            Send titles, rows and artwork with POST /v1/items.
          </StateMessage>
        }
      >
        {(page) => <Content page={page} view={view} change={change} />}
      </QueryBoundary>
    </>
  );
}

interface ToolbarProps {
  view: CoverageView;
  change: Change;
  kinds: CoveragePage['kinds'];
  chosen: string | null;
}

function Toolbar({ view, change, kinds, chosen }: ToolbarProps): ReactElement {
  const [search, setSearch] = useState(view.search);
  return (
    <form
      className={layout.toolbar}
      aria-label="Filter the catalogue"
      onSubmit={(event) => {
        event.preventDefault();
        change('search', search);
      }}
    >
      <TextInput
        label="Search"
        placeholder="title or id"
        className={layout.grow ?? ''}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      <Button type="submit" variant="default">
        Search
      </Button>
      <Select
        label="Kind"
        w={160}
        allowDeselect={false}
        data={kinds.map(({ kind, items }) => ({ value: kind, label: `${humanise(kind)} (${count(items)})` }))}
        value={chosen}
        onChange={(kind) => change('kind', kind)}
      />
      <Select
        label="Show"
        w={160}
        allowDeselect={false}
        data={SHOW}
        value={view.show}
        onChange={(show) => change('show', show)}
      />
      <Select
        label="Sort by"
        w={140}
        allowDeselect={false}
        data={SORT}
        value={view.sort}
        onChange={(sort) => change('sort', sort)}
      />
      <Select
        label="Over"
        w={120}
        allowDeselect={false}
        data={DAYS.map((days) => ({ value: days, label: `${days} days` }))}
        value={view.days}
        onChange={(days) => change('days', days)}
      />
    </form>
  );
}

const share = (part: number, whole: number): string => (whole === 0 ? '—' : percent(part / whole, 0));

function Content({
  page,
  view,
  change,
}: {
  page: CoveragePage;
  view: CoverageView;
  change: Change;
}): ReactElement {
  const { summary } = page;
  const from = Number(view.cursor || 0);
  return (
    <div className={layout.stack}>
      <Stats>
        <Stat label="Items" value={count(summary.items)} note={`${count(summary.available)} available`} />
        <Stat
          label="With features"
          value={share(summary.withFeatures, summary.items)}
          note={count(summary.withFeatures)}
        />
        <Stat
          label="With outcomes"
          value={share(summary.withOutcomes, summary.items)}
          note={count(summary.withOutcomes)}
        />
        <Stat label="Cold" value={count(summary.cold)} note={`fewer than ${page.coldBelow} outcomes`} />
        <Stat
          label="Gini of exposure"
          value={summary.gini === null ? '—' : decimal(summary.gini, 2)}
          note={`0: all alike; of ${count(summary.exposures)} exposures`}
        />
      </Stats>
      {page.items.some(({ exposures }) => exposures > 0) ? (
        <Panel title="Share of exposures" note={`Of what is listed below, since ${dateTime(page.from)}.`}>
          <ExposureChart page={page} />
        </Panel>
      ) : null}
      <Panel title="Items" note={`${plural(page.matching, 'item matches', 'items match')}.`} flush>
        {page.items.length === 0 ? (
          <StateMessage title="No item matches">Change the filter or the search.</StateMessage>
        ) : (
          <ItemTable items={page.items} days={view.days} />
        )}
      </Panel>
      {from > 0 || page.nextCursor !== null ? (
        <div className={layout.toolbar}>
          <Button
            variant="default"
            disabled={from === 0}
            onClick={() => change('cursor', from > PAGE ? String(from - PAGE) : null)}
          >
            Page before
          </Button>
          <Button
            variant="default"
            disabled={page.nextCursor === null}
            onClick={() => change('cursor', page.nextCursor)}
          >
            Next page
          </Button>
        </div>
      ) : null}
    </div>
  );
}
