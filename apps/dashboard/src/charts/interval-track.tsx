import type { ReactElement } from 'react';
import styles from './interval-track.module.css';

interface IntervalTrackProps {
  estimate: number;
  lower: number | null;
  upper: number | null;
  /** Right end of the axis; the left one is zero. */
  most: number;
}

/** Interval and point of a quantity that begins at zero, as rewards do. The figures stand beside it as text. */
export function IntervalTrack({ estimate, lower, upper, most }: IntervalTrackProps): ReactElement {
  const x = (value: number): number => 2 + Math.max(0, Math.min(1, value / most)) * 116;
  return (
    <svg className={styles.track} width="124" height="18" viewBox="0 0 124 18" aria-hidden="true">
      <line className={styles.axis} x1="2" x2="120" y1="9" y2="9" />
      {lower === null || upper === null ? null : (
        <line className={styles.bar} x1={x(lower)} x2={x(upper)} y1="9" y2="9" />
      )}
      <circle className={styles.point} cx={x(estimate)} cy="9" r="4" />
    </svg>
  );
}
