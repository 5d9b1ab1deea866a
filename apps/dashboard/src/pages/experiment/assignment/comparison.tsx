import type { ReactElement } from 'react';
import type { AssignmentHealth, ComparedSide } from '../../../api/assignment-health.js';
import { HEALTH, count, lift } from '../../../format/index.js';
import { CsvButton } from '../../../charts/csv-button.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { Facts } from '../../../ui/details.js';
import styles from '../health.module.css';

type Compared = AssignmentHealth['comparison'][number];

function sideText({ estimate, lower, upper, reason }: ComparedSide): string {
  if (estimate === null) return reason === null ? '—' : `not known: ${reason.replaceAll('_', ' ')}`;
  return `${lift(estimate)} (${lift(lower)} to ${lift(upper)})`;
}

const COLUMNS: readonly Column<Compared>[] = [
  { key: 'metric', title: 'Metric', cell: ({ title }) => title },
  { key: 'arm', title: 'Arm', cell: ({ arm }) => arm },
  {
    key: 'without',
    title: 'Lift without them (the report)',
    align: 'right',
    cell: (row) => sideText(row.without),
  },
  { key: 'with', title: 'Lift with them', align: 'right', cell: (row) => sideText(row.with) },
  {
    key: 'units',
    title: 'Units without, with',
    align: 'right',
    cell: (row) => `${count(row.without.units)}, ${count(row.with.units)}`,
  },
];

const HEADINGS = {
  metric: 'Metric',
  arm: 'Arm',
  without: 'Lift without',
  withoutLower: 'Lower without',
  withoutUpper: 'Upper without',
  with: 'Lift with',
  withLower: 'Lower with',
  withUpper: 'Upper with',
};

/** The result and the split, without and with the units that the rules leave out; nothing while none is. */
export function Comparison({ health }: { health: AssignmentHealth }): ReactElement | null {
  if (health.units === health.counted) return null;
  const { without, with: all } = health.ratio;
  const split = ({ perArm, check }: typeof all): string =>
    `${Object.entries(perArm)
      .map(([arm, units]) => `${arm} ${count(units)}`)
      .join(', ')}${check === null ? '' : `: ${HEALTH[check.status].toLowerCase()}`}`;
  return (
    <section aria-label="The result without and with the units left out">
      <p className={styles.caption}>
        What leaving them out does. With them, each unit counts for the arm that it saw first.
      </p>
      <Facts
        facts={[
          { label: 'Split without them', value: split(without) },
          { label: 'Split with them', value: split(all) },
          ...(health.leftOutCheck === null
            ? []
            : [
                {
                  label: 'Spread over the arms',
                  value: `${HEALTH[health.leftOutCheck.status]}. ${health.leftOutCheck.explanation}`,
                },
              ]),
        ]}
      />
      <CsvButton
        title={`With and without units left out, ${health.experiment}`}
        headings={HEADINGS}
        rows={health.comparison.map((row) => ({
          id: `${row.metric}/${row.arm}`,
          cells: {
            metric: row.title,
            arm: row.arm,
            without: row.without.estimate,
            withoutLower: row.without.lower,
            withoutUpper: row.without.upper,
            with: row.with.estimate,
            withLower: row.with.lower,
            withUpper: row.with.upper,
          },
        }))}
      />
      <DataTable
        caption="Lifts without and with the units left out"
        columns={COLUMNS}
        rows={health.comparison}
        rowKey={({ metric, arm }) => `${metric}/${arm}`}
        dense
      />
    </section>
  );
}
