import type { ReactElement, ReactNode } from 'react';
import { Icon } from './icon.js';
import type { IconName } from './icon.js';
import styles from './state-message.module.css';

interface StateMessageProps {
  icon?: IconName;
  /** What is the case. */
  title: string;
  /** What it means. */
  children?: ReactNode;
  /** What to do next. */
  action?: ReactNode;
  /** Errors are announced. */
  role?: 'status' | 'alert';
}

/** Empty, partial and error states alike: cause, meaning, next action. */
export function StateMessage({
  icon = 'info',
  title,
  children,
  action,
  role = 'status',
}: StateMessageProps): ReactElement {
  return (
    <div className={styles.state} role={role}>
      <span className={role === 'alert' ? styles.alert : styles.icon}>
        <Icon name={icon} size={20} />
      </span>
      <p className={styles.title}>{title}</p>
      {children === undefined ? null : <div className={styles.text}>{children}</div>}
      {action === undefined ? null : <div className={styles.action}>{action}</div>}
    </div>
  );
}
