import type { ReactElement } from 'react';
import { Icon } from './icon.js';
import styles from './check-list.module.css';

export interface CheckItem {
  text: string;
  holds: boolean;
  /** Whether the next step is refused while it does not hold. */
  needed: boolean;
}

/** What holds and what does not, in words as well as glyphs. */
export function CheckList({ items }: { items: readonly CheckItem[] }): ReactElement {
  return (
    <ul className={styles.list}>
      {items.map((item) => (
        <li key={item.text} className={item.holds ? styles.done : styles.open}>
          <span className={styles.mark}>
            <Icon name={item.holds ? 'check' : item.needed ? 'cross' : 'info'} size={13} />
          </span>
          <span>
            {item.text}
            {item.holds ? null : <span className={styles.state}>{item.needed ? 'needed' : 'advised'}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
