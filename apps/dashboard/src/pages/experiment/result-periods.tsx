import type { ReactElement } from 'react';
import type { MetricResult, ResultPeriods } from '../../api/types.js';
import { count, difference, differenceRange, percent } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';

interface Row {
  name: string;
  share: number | null;
  effect: MetricResult['effect'];
}

/** The differences under each allocation, what they give together, and what all units in one heap would have said. */
export function PeriodsTable({
  result,
  periods,
}: {
  result: MetricResult;
  periods: ResultPeriods;
}): ReactElement {
  const rows: Row[] = [
    ...periods.each.map(({ period, share, effect }) => ({ name: `Allocation ${period}`, share, effect })),
    { name: 'Combined (counts)', share: null, effect: result.effect },
    { name: 'All units together (biased)', share: null, effect: periods.pooled },
  ];
  const columns: Column<Row>[] = [
    { key: 'name', title: 'Units', cell: ({ name }) => name },
    {
      key: 'share',
      title: 'Weight',
      align: 'right',
      cell: ({ share }) => (share === null ? '' : share === 0 ? 'too few units' : percent(share)),
    },
    { key: 'control', title: 'Control n', align: 'right', cell: ({ effect }) => count(effect.control.n) },
    { key: 'arm', title: 'Arm n', align: 'right', cell: ({ effect }) => count(effect.treatment.n) },
    {
      key: 'difference',
      title: 'Difference',
      align: 'right',
      cell: ({ effect }) => difference(effect.estimate, result.measuredIn),
    },
    {
      key: 'interval',
      title: 'Interval',
      align: 'right',
      cell: ({ effect }) => differenceRange(effect.interval, result.measuredIn),
    },
  ];
  return (
    <DataTable
      caption={`Allocations of ${result.title}, ${result.arm}`}
      columns={columns}
      rows={rows}
      rowKey={({ name }) => name}
      dense
    />
  );
}
