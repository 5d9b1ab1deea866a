import { Title } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useEffect } from 'react';
import { Link } from 'react-router';
import { Icon } from './icon.js';
import styles from './page-header.module.css';

interface PageHeaderProps {
  title: string;
  parent?: { to: string; label: string };
  status?: ReactNode;
  /** A line of facts under the title. */
  meta?: ReactNode;
  actions?: ReactNode;
}

/** Title, way back, state and main actions of a page; names the browser tab too. */
export function PageHeader({ title, parent, status, meta, actions }: PageHeaderProps): ReactElement {
  useEffect(() => {
    document.title = `${title} · Marquee`;
  }, [title]);
  return (
    <header className={styles.header}>
      <div className={styles.main}>
        {parent === undefined ? null : (
          <Link className={styles.parent} to={parent.to}>
            <Icon name="back" size={12} />
            {parent.label}
          </Link>
        )}
        <div className={styles.title}>
          <Title order={1}>{title}</Title>
          {status}
        </div>
        {meta === undefined ? null : <div className={styles.meta}>{meta}</div>}
      </div>
      {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
    </header>
  );
}
