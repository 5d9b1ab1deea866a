import type { ReactElement } from 'react';
import { Link, useLocation } from 'react-router';
import type { HealthResult } from '../../api/types.js';
import { Icon } from '../../ui/icon.js';
import { bySeverity } from './health-order.js';
import styles from './warning-chips.module.css';

interface WarningChipsProps {
  experimentKey: string;
  checks: readonly HealthResult[];
}

/** The warnings that fire, each with its id and a way to its card; muted ones stay, grey and last. */
export function WarningChips({ experimentKey, checks }: WarningChipsProps): ReactElement | null {
  const { search } = useLocation();
  const firing = checks.filter((check) => check.warning !== null).sort(bySeverity);
  if (firing.length === 0) return null;
  return (
    <ul className={styles.chips} aria-label="Warnings">
      {firing.map((check) => (
        <li key={check.key}>
          <Link
            className={`${styles.chip} ${check.muted === null ? styles[check.status] : styles.muted}`}
            to={{ pathname: `/experiments/${experimentKey}/health`, search, hash: check.key }}
          >
            <Icon name={check.muted === null ? 'warning' : 'info'} size={12} />
            <span className={styles.id}>{check.warning}</span>
            <span>
              {check.title}
              {check.muted === null ? (check.blocks ? ', blocks' : '') : ', muted'}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
