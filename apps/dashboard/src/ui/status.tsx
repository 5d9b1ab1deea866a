import type { ReactElement } from 'react';
import type { ExperimentStatus, HealthStatus, VerdictKind } from '../api/types.js';
import { HEALTH, VERDICT, humanise } from '../format/index.js';
import { Icon } from './icon.js';
import type { IconName } from './icon.js';
import styles from './status.module.css';

type Tone = 'plain' | 'good' | 'bad' | 'solid';

/** A state in words with a glyph and a tone; the colour only repeats what the words say. */
export function Pill({
  tone = 'plain',
  icon,
  label,
}: {
  tone?: Tone;
  icon?: IconName;
  label: string;
}): ReactElement {
  return (
    <span className={`${styles.pill} ${styles[tone] ?? ''}`}>
      {icon === undefined ? null : <Icon name={icon} size={12} />}
      {label}
    </span>
  );
}

const STATUS: Record<ExperimentStatus, { icon: IconName; tone: Tone }> = {
  draft: { icon: 'draft', tone: 'plain' },
  scheduled: { icon: 'clock', tone: 'plain' },
  running: { icon: 'play', tone: 'good' },
  paused: { icon: 'pause', tone: 'bad' },
  stopped: { icon: 'stop', tone: 'plain' },
  shipped: { icon: 'ship', tone: 'solid' },
  archived: { icon: 'archive', tone: 'plain' },
};

export function StatusPill({ status }: { status: ExperimentStatus }): ReactElement {
  const look = STATUS[status];
  return <Pill icon={look.icon} tone={look.tone} label={humanise(status)} />;
}

const VERDICTS: Record<VerdictKind, { icon: IconName; tone: Tone }> = {
  ship: { icon: 'ship', tone: 'good' },
  wait: { icon: 'clock', tone: 'plain' },
  'too-early': { icon: 'clock', tone: 'plain' },
  stop: { icon: 'stop', tone: 'bad' },
  'fix-first': { icon: 'warning', tone: 'bad' },
  'no-data': { icon: 'info', tone: 'plain' },
};

export function verdictIcon(kind: VerdictKind): IconName {
  return VERDICTS[kind].icon;
}

export function VerdictPill({ kind }: { kind: VerdictKind }): ReactElement {
  const look = VERDICTS[kind];
  return (
    <Pill icon={look.icon} tone={look.tone} label={kind === 'fix-first' ? 'Fix first' : VERDICT[kind]} />
  );
}

/** The shape differs by state: filled lamp, half lamp, crossed lamp, empty lamp. */
export function Lamp({ status }: { status: HealthStatus }): ReactElement {
  return (
    <svg className={styles[`lamp-${status}`]} width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
      {status === 'pass' ? <circle cx="7" cy="7" r="5" fill="currentColor" /> : null}
      {status === 'unknown' ? (
        <circle
          cx="7"
          cy="7"
          r="4.5"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          strokeDasharray="2.4 2"
        />
      ) : null}
      {status === 'warn' ? (
        <path d="M7 1.500 13 12.500H1z" fill="none" stroke="currentColor" strokeWidth="1.600" />
      ) : null}
      {status === 'fail' ? (
        <path
          d="M1.500 1.500h11v11h-11z M4.500 4.500l5 5M9.500 4.500l-5 5"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.600"
        />
      ) : null}
    </svg>
  );
}

export function HealthMark({ status }: { status: HealthStatus }): ReactElement {
  return (
    <span className={styles.health}>
      <Lamp status={status} />
      {HEALTH[status]}
    </span>
  );
}
