import { useState } from 'react';
import type { ReactElement } from 'react';
import { Button } from '@mantine/core';
import { Link, Outlet, useNavigation, useRouteError } from 'react-router';
import { useOperations } from '../api/queries.js';
import { useSession } from '../api/session.js';
import { Icon } from '../ui/icon.js';
import { StateMessage } from '../ui/state-message.js';
import { Navigation } from './navigation.js';
import { SignIn } from './sign-in.js';
import { StopAll } from './stop-all.js';
import { ThemeSwitch } from './theme-switch.js';
import styles from './shell.module.css';

/** Frame of every page: skip link, navigation, the state of serving, and the page itself. */
export function Shell(): ReactElement {
  const session = useSession();
  if (session.refused) return <SignIn />;
  return <SignedIn />;
}

function SignedIn(): ReactElement {
  const [open, setOpen] = useState(false);
  const loading = useNavigation().state === 'loading';
  return (
    <div className={styles.shell}>
      <a className="mq-skip" href="#content">
        Skip to content
      </a>
      <header className={styles.side}>
        <div className={styles.brandRow}>
          <Link to="/experiments" className={styles.brand}>
            <Mark />
            Marquee
          </Link>
          <Button
            className={styles.menu ?? ''}
            variant="default"
            size="xs"
            aria-expanded={open}
            aria-controls="navigation"
            onClick={() => setOpen(!open)}
          >
            Menu
          </Button>
        </div>
        <div id="navigation" className={open ? styles.navOpen : styles.nav}>
          <Navigation onNavigate={() => setOpen(false)} />
          <div className={styles.foot}>
            <ServingState />
            <StopAll />
            <ThemeSwitch />
          </div>
        </div>
      </header>
      <main id="content" className={styles.main} tabIndex={-1} aria-busy={loading}>
        <KillSwitchBanner />
        <div className={styles.page}>
          <Outlet />
        </div>
      </main>
    </div>
  );
}

/** The house's sign: an M over a row of lamps. */
function Mark(): ReactElement {
  return (
    <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0f172a" stroke="var(--mq-line-strong)" />
      <path
        d="M8 21V10.500l8 7 8-7V21"
        fill="none"
        stroke="#fff"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      {[8, 13.3, 18.7, 24].map((x, lamp) => (
        <circle key={x} cx={x} cy="26.500" r="1.600" fill={lamp === 2 ? '#ff9e5e' : '#56b4e9'} />
      ))}
    </svg>
  );
}

/** One line on whether treatments are served normally; always in sight. */
function ServingState(): ReactElement {
  const { data, isError } = useOperations();
  if (isError) return <p className={styles.trouble}>API does not answer</p>;
  if (data === undefined) return <p className={styles.serving}>Checking…</p>;
  if (data.killSwitch) return <p className={styles.trouble}>Serving defaults everywhere</p>;
  return (
    <p className={styles.serving}>
      <span className={styles.dot} aria-hidden="true" />
      Serving, {Math.round(data.rates.decisionsPerMinute).toLocaleString('en-US')} decisions / min
    </p>
  );
}

function KillSwitchBanner(): ReactElement | null {
  const { data } = useOperations();
  if (data?.killSwitch !== true) return null;
  return (
    <div className={styles.banner} role="status">
      <Icon name="warning" />
      <span>Every surface serves its default. Experiments and policies are off.</span>
      <Link to="/operations">Operations</Link>
    </div>
  );
}

/** Shown in place of a page whose code failed to load or threw. */
export function PageCrash(): ReactElement {
  const error = useRouteError();
  return (
    <StateMessage
      role="alert"
      icon="warning"
      title="This page stopped working"
      action={<Button onClick={() => window.location.reload()}>Reload</Button>}
    >
      {error instanceof Error ? error.message : 'It could not be loaded.'} Serving is not affected.
    </StateMessage>
  );
}
