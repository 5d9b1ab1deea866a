import type { ReactElement } from 'react';
import type { HoldoutLift } from '../../api/types-portfolio.js';
import { count, lift, percent, plural, range } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Missing } from '../../ui/estimate.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useHoldoutLifts, why } from './portfolio-view.js';
import styles from './portfolio.module.css';

const COLUMNS: Column<HoldoutLift>[] = [
  {
    key: 'holdout',
    title: 'Holdout',
    cell: (item) => (
      <div className={styles.name}>
        {item.title}
        <span className={styles.note}>
          {percent(item.share, 0)} of units ·{' '}
          {item.surfaces === null ? 'all surfaces' : item.surfaces.join(', ')}
          {item.tags === null ? '' : ` · tagged ${item.tags.join(', ')}`}
        </span>
      </div>
    ),
  },
  { key: 'held', title: 'Held out', align: 'right', cell: (item) => count(item.units.heldOut) },
  { key: 'others', title: 'All others', align: 'right', cell: (item) => count(item.units.others) },
  { key: 'spared', title: 'Spared', align: 'right', cell: (item) => count(item.units.spared) },
  {
    key: 'promised',
    title: 'Promised by shipped experiments',
    align: 'right',
    cell: ({ promised: { count: shipped, naive, shrunken } }) =>
      shipped === 0 ? (
        <Missing reason="Nothing that it withholds was shipped by this metric" />
      ) : (
        <div className={styles.cell}>
          <span>{shrunken === null ? lift(naive) : lift(shrunken)}</span>
          <span className={styles.note}>
            {plural(shipped, 'lift')}, {shrunken === null ? 'not shrunken' : `${lift(naive)} as measured`}
          </span>
        </div>
      ),
  },
  {
    key: 'lift',
    title: 'Measured together',
    align: 'right',
    cell: (item) =>
      item.lift.estimate === null ? (
        <Missing reason={why(item.reason)} />
      ) : (
        <div className={styles.cell}>
          <span>{lift(item.lift.estimate)}</span>
          <span className={styles.note}>{range(item.lift, lift)}</span>
        </div>
      ),
  },
];

interface HoldoutsPanelProps {
  metric: string;
  title: string;
}

/** What everything shipped and running brings together, against units that get none of it. */
export function HoldoutsPanel({ metric, title }: HoldoutsPanelProps): ReactElement {
  const query = useHoldoutLifts(metric);
  return (
    <Panel
      title="Against the holdouts"
      note={`${title} of the last 28 days: all other units against those held out. Compare with the sums of shipped lifts.`}
      flush
    >
      <QueryBoundary
        query={query}
        what="holdouts"
        lines={2}
        isEmpty={(page) => page.items.length === 0}
        empty={
          <StateMessage title="No holdout is on">
            Without units that get the default everywhere, nothing shows whether the lifts add up to what was
            promised.
          </StateMessage>
        }
      >
        {(page) => (
          <DataTable
            caption="Lift measured by holdouts"
            columns={COLUMNS}
            rows={page.items}
            rowKey={({ holdout }) => holdout}
          />
        )}
      </QueryBoundary>
    </Panel>
  );
}
