import type { ReactElement } from 'react';
import { Link, useParams } from 'react-router';
import { query, segment } from '../../api/http.js';
import { useItemCoverage } from '../../api/item-coverage.js';
import type { CoverageDetail, DetailedItem } from '../../api/item-coverage.js';
import { count, dateTime, humanise, json, percent } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import { Facts, Stat, Stats, When } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import styles from './catalogue.module.css';

/** One item: its features, its artwork variants, and which policies showed it. */
export function ItemPage(): ReactElement {
  const { id = '' } = useParams();
  const [days] = useUrlState('days');
  const detail = useItemCoverage(id, days || '28');
  return (
    <>
      <PageHeader
        title={detail.data?.item.title ?? id}
        parent={{ to: '/catalogue', label: 'Catalogue' }}
        meta={<span className="mq-mono">{id}</span>}
      />
      <QueryBoundary query={detail} what="item" lines={8}>
        {(data) => <Content detail={data} />}
      </QueryBoundary>
    </>
  );
}

const shareOf = ({ exposureShare }: DetailedItem): string =>
  exposureShare === null ? '—' : percent(exposureShare);

function Content({ detail }: { detail: CoverageDetail }): ReactElement {
  const { item, variants, shownBy, from } = detail;
  return (
    <div className={layout.stack}>
      <Stats>
        <Stat
          label="State"
          value={item.available ? 'available' : 'not available'}
          note={item.cold ? 'cold: few outcomes' : humanise(item.kind)}
        />
        <Stat label="Exposures" value={count(item.exposures)} note={`since ${dateTime(from)}`} />
        <Stat label="Share of exposures" value={shareOf(item)} note={`among ${item.kind} items`} />
        <Stat label="Outcomes" value={count(item.outcomes)} note={`of ${count(item.units)} units`} />
        <Stat label="Last outcome" value={<When at={item.lastOutcomeAt} />} />
      </Stats>
      <div className={layout.split}>
        <Panel title="Features">
          {item.features === 0 ? (
            <StateMessage title="No features">What learns from features knows nothing about it.</StateMessage>
          ) : (
            <Facts
              facts={Object.entries(item.values).map(([label, value]) => ({ label, value: json(value) }))}
            />
          )}
        </Panel>
        <ShownBy detail={detail} rows={shownBy} />
      </div>
      {variants.length === 0 ? null : <Variants variants={variants} />}
    </div>
  );
}

function ShownBy({
  detail,
  rows,
}: {
  detail: CoverageDetail;
  rows: CoverageDetail['shownBy'];
}): ReactElement {
  const subject = detail.variants.length > 0 ? detail.item.id : null;
  return (
    <Panel title="Shown by" note="Decisions that answered with it, or were about it." flush>
      {rows.length === 0 ? (
        <StateMessage title="No policy has shown it" />
      ) : (
        <DataTable
          caption="Policies that showed it"
          columns={[
            {
              key: 'policy',
              title: 'Policy',
              cell: ({ policyId, title }) => (
                <Link className="mq-link" to={`/policies/${segment(policyId)}${query({ subject })}`}>
                  {title}
                </Link>
              ),
            },
            {
              key: 'decisions',
              title: 'Decisions',
              align: 'right',
              cell: ({ decisions }) => count(decisions),
            },
          ]}
          rows={rows}
          rowKey={({ policyId }) => policyId}
          dense
        />
      )}
    </Panel>
  );
}

function Variants({ variants }: { variants: readonly DetailedItem[] }): ReactElement {
  return (
    <Panel
      title="Variants"
      note="Items that belong to it, such as its artwork. Drawn as text: images stay with the product."
      flush
    >
      <DataTable
        caption="Variants"
        columns={[
          {
            key: 'variant',
            title: 'Variant',
            cell: ({ id, title }) => (
              <span className={styles.tile}>
                <Link className="mq-link" to={`/catalogue/${segment(id)}`}>
                  {title}
                </Link>
                <span className="mq-muted">{id}</span>
              </span>
            ),
          },
          {
            key: 'features',
            title: 'Features',
            cell: ({ values }) =>
              Object.entries(values)
                .map(([name, value]) => `${name} ${json(value)}`)
                .join(', '),
          },
          { key: 'exposures', title: 'Exposures', align: 'right', cell: ({ exposures }) => count(exposures) },
          { key: 'outcomes', title: 'Outcomes', align: 'right', cell: ({ outcomes }) => count(outcomes) },
          { key: 'units', title: 'Units', align: 'right', cell: ({ units }) => count(units) },
        ]}
        rows={variants}
        rowKey={({ id }) => id}
        dense
      />
    </Panel>
  );
}
