import { Button, CopyButton, Tooltip } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import type { Json } from '../api/types.js';
import { ago, dateTime } from '../format/index.js';
import { Icon } from './icon.js';
import styles from './details.module.css';

export interface Fact {
  label: string;
  value: ReactNode;
}

/** Labels with values, as a description list. */
export function Facts({
  facts,
  columns = false,
}: {
  facts: readonly Fact[];
  columns?: boolean;
}): ReactElement {
  return (
    <dl className={columns ? styles.columns : styles.facts}>
      {facts.map((fact) => (
        <div key={fact.label} className={styles.fact}>
          <dt>{fact.label}</dt>
          <dd>{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A moment as distance from now, with the full time on demand. */
export function When({ at }: { at: string | null | undefined }): ReactElement {
  if (at === null || at === undefined) return <span className="mq-muted">never</span>;
  return (
    <time dateTime={at} title={dateTime(at)}>
      {ago(at)}
    </time>
  );
}

export function JsonBlock({ value, label }: { value: Json | undefined; label: string }): ReactElement {
  return (
    <pre className={styles.json} tabIndex={0} role="region" aria-label={`${label}, JSON`}>
      {JSON.stringify(value ?? null, null, 2)}
    </pre>
  );
}

export function CopyText({ text, label = 'Copy' }: { text: string; label?: string }): ReactElement {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          size="compact-sm"
          onClick={copy}
          leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />}
        >
          {copied ? 'Copied' : label}
        </Button>
      )}
    </CopyButton>
  );
}

/** A snippet with its copy button. */
export function CodeBlock({ code, label }: { code: string; label: string }): ReactElement {
  return (
    <div className={styles.code}>
      <pre tabIndex={0} role="region" aria-label={label}>
        {code}
      </pre>
      <CopyText text={code} />
    </div>
  );
}

/** A labelled figure with a line of context under it. */
export function Stat({
  label,
  value,
  note,
}: {
  label: string;
  value: ReactNode;
  note?: ReactNode;
}): ReactElement {
  return (
    <div className={styles.stat}>
      <span className={styles.label}>{label}</span>
      <span className={styles.value}>{value}</span>
      {note === undefined ? null : <span className={styles.note}>{note}</span>}
    </div>
  );
}

export function Stats({ children }: { children: ReactNode }): ReactElement {
  return <div className={styles.stats}>{children}</div>;
}

export function Hint({ text, children }: { text: string; children: ReactNode }): ReactElement {
  return (
    <Tooltip label={text}>
      <span tabIndex={0} className={styles.hint}>
        {children}
      </span>
    </Tooltip>
  );
}
