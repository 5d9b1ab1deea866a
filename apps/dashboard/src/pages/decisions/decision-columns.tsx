import type { ReactElement } from 'react';
import { Link } from 'react-router';
import type { Decision } from '../../api/types.js';
import { json, probability, reason, time } from '../../format/index.js';
import type { Column } from '../../ui/data-table.js';
import { Missing } from '../../ui/estimate.js';
import { Pill } from '../../ui/status.js';
import styles from './decisions.module.css';

/** What was served, short: the value, the action, or the head of the slate. */
export function servedText(decision: Decision): string {
  if (decision.kind === 'action') return decision.action ?? '—';
  if (decision.kind === 'slate') {
    const ids = decision.slate?.map((item) => item.id) ?? [];
    return ids.length > 2
      ? `${ids.slice(0, 2).join(', ')} and ${ids.length - 2} more`
      : ids.join(', ') || '—';
  }
  return json(decision.value);
}

function Cause({ decision }: { decision: Decision }): ReactElement {
  if (decision.experiment === null) return <span className="mq-muted">{reason(decision.reason)}</span>;
  return (
    <div className={styles.two}>
      <Link className="mq-link" to={`/experiments/${decision.experiment}`}>
        {decision.experiment}
      </Link>
      <span className={styles.note}>
        {decision.arm === null ? reason(decision.reason) : `arm ${decision.arm}`}
      </span>
    </div>
  );
}

export function decisionColumns(): Column<Decision>[] {
  return [
    {
      key: 'at',
      title: 'Time',
      cell: (decision) => (
        <Link to={`/decisions/${decision.id}`} className={styles.open}>
          {time(decision.at)}
        </Link>
      ),
    },
    { key: 'unit', title: 'Unit', cell: (decision) => <span className="mq-mono">{decision.unitId}</span> },
    {
      key: 'surface',
      title: 'Surface',
      cell: (decision) => (
        <div className={styles.two}>
          {decision.surface}
          {decision.subject === null ? null : <span className={styles.note}>{decision.subject}</span>}
        </div>
      ),
    },
    {
      key: 'served',
      title: 'Served',
      cell: (decision) => <span className={styles.served}>{servedText(decision)}</span>,
    },
    { key: 'cause', title: 'Because of', cell: (decision) => <Cause decision={decision} /> },
    {
      key: 'propensity',
      title: 'Probability',
      align: 'right',
      cell: (decision) => probability(decision.propensity),
    },
    {
      key: 'state',
      title: 'State',
      cell: (decision) => {
        if (decision.fallback !== null) return <Pill tone="bad" icon="warning" label="Fallback" />;
        return decision.exposed ? (
          <Pill tone="good" icon="check" label="Seen" />
        ) : (
          <Missing reason="Not exposed with the request; a later exposure event shows in its details" />
        );
      },
    },
  ];
}
