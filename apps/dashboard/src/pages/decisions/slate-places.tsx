import type { ReactElement } from 'react';
import type { DecisionDetail } from '../../api/types.js';
import { decimal, probability } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Panel } from '../../ui/panel.js';

type Law = NonNullable<DecisionDetail['slateLaw']>;
interface Place {
  number: number;
  title: string;
  law: Law['places'][number];
}

const COLUMNS: Column<Place>[] = [
  { key: 'place', title: 'Place', align: 'right', cell: ({ number }) => number },
  { key: 'item', title: 'Chosen', cell: ({ title }) => title },
  {
    key: 'conditional',
    title: 'Given those above',
    align: 'right',
    cell: ({ law }) => probability(law.conditional),
  },
  { key: 'prefix', title: 'Down to here', align: 'right', cell: ({ law }) => probability(law.prefix) },
  { key: 'marginal', title: 'In this place', align: 'right', cell: ({ law }) => probability(law.marginal) },
  { key: 'slate', title: 'Anywhere', align: 'right', cell: ({ law }) => probability(law.inSlate) },
];

/** How probable a slate was: place by place, down to each place, and each item whatever stood around it. */
export function SlatePlaces({ decision, law }: { decision: DecisionDetail; law: Law }): ReactElement {
  const titles = new Map(decision.candidatesDetail.map(({ id, title }) => [id, title]));
  const how =
    law.method === 'monte-carlo'
      ? `The last two are Monte Carlo, with a standard error of ${decimal(law.standardError)} at most.`
      : 'All are exact.';
  return (
    <Panel
      title="Probabilities by place"
      note={`The last "Down to here" is the probability of exactly this order. "In this place" is whatever stands elsewhere. ${how}`}
      flush
    >
      <DataTable
        caption="Probabilities of the slate, place by place"
        columns={COLUMNS}
        rows={law.places.map((place, k) => ({
          number: k + 1,
          title: titles.get(place.id) || place.id,
          law: place,
        }))}
        rowKey={({ number }) => String(number)}
      />
    </Panel>
  );
}
