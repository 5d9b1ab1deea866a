import type { ReactElement } from 'react';
import { Fragment, useState } from 'react';
import { Button } from '@mantine/core';
import type { AuditEntry } from '../api/types.js';
import { dateTime, humanise } from '../format/index.js';
import styles from './audit-list.module.css';
import { JsonBlock } from './details.js';

/** Who changed what and when; before and after on demand. */
export function AuditList({ entries }: { entries: readonly AuditEntry[] }): ReactElement {
  return (
    <ol className={styles.list}>
      {entries.map((entry) => (
        <Entry key={entry.id} entry={entry} />
      ))}
    </ol>
  );
}

function reasonOf(entry: AuditEntry): string | null {
  const { after } = entry;
  if (after === null || typeof after !== 'object' || Array.isArray(after)) return null;
  const reason = after['reason'] ?? after['stopReason'];
  return typeof reason === 'string' && reason !== '' ? reason : null;
}

function Entry({ entry }: { entry: AuditEntry }): ReactElement {
  const [open, setOpen] = useState(false);
  const reason = reasonOf(entry);
  const hasDetail = entry.before !== null || entry.after !== null;
  return (
    <li className={styles.entry}>
      <div className={styles.line}>
        <span>
          <strong>{humanise(entry.action)}</strong> {entry.entity}{' '}
          <span className="mq-mono">{entry.entityKey}</span>
          {reason === null ? null : <span className={styles.reason}>“{reason}”</span>}
        </span>
        <span className={styles.meta}>
          {entry.actor} · <time dateTime={entry.at}>{dateTime(entry.at)}</time>
        </span>
      </div>
      {hasDetail ? (
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? 'Hide change' : 'Show change'}
        </Button>
      ) : null}
      {open ? (
        <div className={styles.change}>
          {(['before', 'after'] as const).map((side) => (
            <Fragment key={side}>
              <div>
                <p className={styles.side}>{humanise(side)}</p>
                <JsonBlock value={entry[side]} label={`${side} the change`} />
              </div>
            </Fragment>
          ))}
          {entry.requestId === null ? null : <p className={styles.side}>Request {entry.requestId}</p>}
        </div>
      ) : null}
    </li>
  );
}
