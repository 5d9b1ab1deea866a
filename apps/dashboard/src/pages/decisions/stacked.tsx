import type { ReactElement } from 'react';
import { Link } from 'react-router';
import type { DecisionDetail } from '../../api/types.js';
import { json, plural, probability } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Panel } from '../../ui/panel.js';
import styles from './decisions.module.css';

type Entry = DecisionDetail['stack'][number];

/** The ids of a slate; otherwise the choice itself. */
export function chosenText(chosen: Entry['chosen']): string {
  if (typeof chosen === 'string') return chosen;
  if (!Array.isArray(chosen)) return json(chosen);
  return chosen
    .map((place) =>
      place !== null && typeof place === 'object' && 'id' in place ? String(place['id']) : json(place),
    )
    .join(', ');
}

const columns = (own: string): Column<Entry>[] => [
  { key: 'surface', title: 'Surface', cell: ({ surface }) => surface },
  {
    key: 'decision',
    title: 'Decision',
    cell: ({ id }) =>
      id === own ? (
        'this one'
      ) : (
        <Link className="mq-mono" to={`/decisions/${id}`}>
          {id}
        </Link>
      ),
  },
  {
    key: 'chosen',
    title: 'Chosen',
    cell: ({ chosen }) => <span className={styles.note}>{chosenText(chosen)}</span>,
  },
  {
    key: 'probability',
    title: 'Probability',
    align: 'right',
    cell: ({ propensity }) => probability(propensity),
  },
];

/** What the decision was made within, from the top of the page down, and the probability of it all. */
export function Stacked({ decision }: { decision: DecisionDetail }): ReactElement {
  const { stack, jointPropensity } = decision;
  const note =
    jointPropensity === null
      ? 'A decision above is not known, so the probability of the whole is not either.'
      : `All ${plural(stack.length, 'decision')} together had a probability of ${probability(jointPropensity)}.`;
  return (
    <Panel title="Made within" note={note} flush>
      <DataTable
        columns={columns(decision.id)}
        rows={stack}
        rowKey={({ id }) => id}
        caption="Stack of decisions, from the top of the page down"
      />
    </Panel>
  );
}
