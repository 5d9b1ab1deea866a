import type { ReactElement } from 'react';
import styles from './health.module.css';

/** Numbered lines under a title; nothing where there are none. */
export function Steps({ title, steps }: { title: string; steps: readonly string[] }): ReactElement | null {
  if (steps.length === 0) return null;
  return (
    <div>
      <p className={styles.caption}>{title}</p>
      <ol className={styles.steps}>
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </div>
  );
}
