import type { ReactElement } from 'react';
import { Link } from 'react-router';
import type { Decision, ServedEvent } from '../../api/types.js';
import { decimal, humanise, probability, reason, time } from '../../format/index.js';
import { servedText } from '../decisions/decision-columns.js';
import styles from './live.module.css';

export function DecisionLine({ decision }: { decision: Decision }): ReactElement {
  const cause =
    decision.experiment === null
      ? reason(decision.reason)
      : `${decision.experiment} · ${decision.arm ?? reason(decision.reason)}`;
  return (
    <li className={styles.line}>
      <Link
        to={`/decisions/${decision.id}`}
        className={styles.time}
        aria-label={`Decision at ${time(decision.at)}`}
      >
        {time(decision.at)}
      </Link>
      <div className={styles.what}>
        <span className={styles.head}>
          {servedText(decision)}
          <span className={styles.note}>{probability(decision.propensity)}</span>
        </span>
        <span className={styles.note}>
          {decision.surface}
          {decision.subject === null ? '' : ` · ${decision.subject}`} · {cause}
        </span>
      </div>
      <span className={styles.unit}>{decision.unitId}</span>
    </li>
  );
}

export function EventLine({ event }: { event: ServedEvent }): ReactElement {
  const about = event.actionId ?? event.itemId;
  return (
    <li className={styles.line}>
      {event.decisionId === null ? (
        <span className={styles.time}>{time(event.at)}</span>
      ) : (
        <Link
          to={`/decisions/${event.decisionId}`}
          className={styles.time}
          aria-label={`Decision of the event at ${time(event.at)}`}
        >
          {time(event.at)}
        </Link>
      )}
      <div className={styles.what}>
        <span className={styles.head}>
          {humanise(event.name ?? event.kind)}
          {event.value === null ? null : <span className={styles.note}>{decimal(event.value)}</span>}
        </span>
        <span className={styles.note}>
          {event.kind === 'exposure' ? 'seen' : 'outcome'}
          {about === null ? '' : ` · ${about}`}
          {event.decisionId === null ? ' · names no decision' : ''}
        </span>
      </div>
      <span className={styles.unit}>{event.unitId}</span>
    </li>
  );
}
