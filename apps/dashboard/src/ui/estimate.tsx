import { Tooltip } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Effect } from '../api/types.js';
import { DASH, count, intervalName, lift, range, whyUndefined } from '../format/index.js';
import styles from './estimate.module.css';

/** A figure that may be missing: the dash carries its reason, for the pointer, the keyboard and screen readers. */
export function Missing({ reason }: { reason: string }): ReactElement {
  return (
    <Tooltip label={reason}>
      <span tabIndex={0} className={styles.missing} role="note" aria-label={`Not available: ${reason}`}>
        {DASH}
      </span>
    </Tooltip>
  );
}

/** A value as text, or a dash with the reason. */
export function Figure({ text, reason }: { text: string; reason: string }): ReactElement {
  return text === DASH ? <Missing reason={reason} /> : <span className="mq-figures">{text}</span>;
}

interface LiftProps {
  effect: Effect;
  /** Method and units on a second line. */
  method?: boolean;
}

/** Never a lift alone: point, interval, method and units travel together. */
export function Lift({ effect, method = true }: LiftProps): ReactElement {
  const { relative } = effect;
  const why = whyUndefined(relative);
  if (why !== null) return <Missing reason={why} />;
  return (
    <span className={styles.lift}>
      <span>
        <strong>{lift(relative.estimate)}</strong>{' '}
        <span className={styles.range}>({range(relative.interval, lift)})</span>
      </span>
      {method ? (
        <span className={styles.method}>
          {intervalName(relative.interval)} · n {count(effect.control.n + effect.treatment.n)}
        </span>
      ) : null}
    </span>
  );
}
