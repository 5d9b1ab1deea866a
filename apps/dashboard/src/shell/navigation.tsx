import type { ReactElement } from 'react';
import { NavLink } from 'react-router';
import { PAGES } from '../pages.js';
import { Icon } from '../ui/icon.js';
import styles from './shell.module.css';

const GROUPS = ['Decide', 'Watch', 'Set up'] as const;

export function Navigation({ onNavigate }: { onNavigate: () => void }): ReactElement {
  return (
    <nav aria-label="Main">
      {GROUPS.map((group) => (
        <div key={group} className={styles.group}>
          <p className={styles.groupTitle}>{group}</p>
          <ul>
            {PAGES.filter((page) => page.nav?.group === group).map((page) => (
              <li key={page.path}>
                <NavLink
                  to={page.path.replace(/\/:.*$/, '')}
                  className={styles.link ?? ''}
                  onClick={onNavigate}
                >
                  <Icon name={page.nav?.icon ?? 'info'} />
                  {page.nav?.title}
                </NavLink>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
