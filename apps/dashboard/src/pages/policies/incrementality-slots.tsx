import type { ReactElement } from 'react';
import type { Incrementality, ShowingRates } from '../../api/policy-insights.js';
import { count, decimal, range } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Missing } from '../../ui/estimate.js';

type Slot = NonNullable<Incrementality['slots']>[number];

export const WHY: Record<NonNullable<ShowingRates['reason']>, string> = {
  nothing_shown: 'Nothing shown has settled',
  nothing_withheld: 'Nothing withheld has settled',
  too_few_lots: 'Fewer than two members in one of the groups',
};

const figure = (value: number | null): string => decimal(value, 3);

const COLUMNS: Column<Slot>[] = [
  { key: 'place', title: 'Place', align: 'right', cell: ({ slot }) => slot + 1 },
  {
    key: 'shown',
    title: 'Shown',
    align: 'right',
    cell: ({ shownMean, shown }) => `${figure(shownMean)} (n ${count(shown)})`,
  },
  {
    key: 'withheld',
    title: 'Withheld',
    align: 'right',
    cell: ({ withheldMean, withheld }) => `${figure(withheldMean)} (n ${count(withheld)})`,
  },
  {
    key: 'lift',
    title: 'Lift of showing',
    align: 'right',
    cell: (slot) =>
      slot.lift === null ? (
        <Missing reason={slot.reason === null ? 'Not known' : WHY[slot.reason]} />
      ) : (
        `${figure(slot.lift)} (${range(slot, figure)})`
      ),
  },
];

/** The lift of showing by place of the slate, whatever stood there; nothing for single choices. */
export function IncrementalitySlots({ data }: { data: Incrementality }): ReactElement | null {
  const slots = data.slots ?? [];
  if (slots.length === 0) return null;
  return (
    <DataTable
      caption="Lift of showing by place of the slate"
      columns={COLUMNS}
      rows={slots}
      rowKey={({ slot }) => String(slot)}
      step={20}
    />
  );
}
