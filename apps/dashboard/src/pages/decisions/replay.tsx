import type { ReactElement } from 'react';
import type { DecisionDetail } from '../../api/types.js';
import { Pill } from '../../ui/status.js';
import styles from './decisions.module.css';

export function Replay({ decision }: { decision: DecisionDetail }): ReactElement {
  const { replay } = decision;
  if (replay === null) {
    return (
      <div className={styles.replay}>
        <Pill icon="info" label="Not possible" />
        <span className="mq-muted">The snapshot of that time is no longer kept.</span>
      </div>
    );
  }
  return (
    <div className={styles.replay}>
      <Pill
        tone={replay.identical ? 'good' : 'bad'}
        icon={replay.identical ? 'check' : 'cross'}
        label={replay.identical ? 'Identical' : 'Differs'}
      />
      <span className="mq-muted">{replay.detail}</span>
    </div>
  );
}
