import { Title } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useId } from 'react';
import styles from './panel.module.css';

interface PanelProps {
  title: string;
  /** One line under the title: what is shown, over which data. */
  note?: ReactNode;
  actions?: ReactNode;
  /** Content reaches the panel's edges, as tables do. */
  flush?: boolean;
  children: ReactNode;
}

/** A titled section of a page. */
export function Panel({ title, note, actions, flush = false, children }: PanelProps): ReactElement {
  const id = useId();
  return (
    <section className={styles.panel} aria-labelledby={id}>
      <header className={styles.head}>
        <div>
          <Title order={2} id={id}>
            {title}
          </Title>
          {note === undefined ? null : <p className={styles.note}>{note}</p>}
        </div>
        {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
      </header>
      <div className={flush ? styles.flush : styles.body}>{children}</div>
    </section>
  );
}
