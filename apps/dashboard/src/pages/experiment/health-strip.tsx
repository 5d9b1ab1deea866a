import { Collapse } from '@mantine/core';
import type { ReactElement } from 'react';
import { useId, useState } from 'react';
import { Link, useLocation } from 'react-router';
import type { HealthResult } from '../../api/types.js';
import { HEALTH, count, plural, significant } from '../../format/index.js';
import { Facts } from '../../ui/details.js';
import { Lamp } from '../../ui/status.js';
import { bySeverity, isFiring } from './health-order.js';
import styles from './health-strip.module.css';

interface HealthStripProps {
  experimentKey: string;
  checks: readonly HealthResult[];
}

/** Validity comes before effects: a lamp per check that is not well, worst first; a failing one opens by itself. */
export function HealthStrip({ experimentKey, checks }: HealthStripProps): ReactElement {
  const { search } = useLocation();
  const shownChecks = checks.filter((check) => isFiring(check) && (check.muted === null || check.blocks));
  const sorted = shownChecks.sort(bySeverity);
  const [open, setOpen] = useState<string | null>(
    () => sorted.find((check) => check.status === 'fail')?.key ?? null,
  );
  const id = useId();
  const shown = sorted.find((check) => check.key === open);
  return (
    <section className={styles.strip} aria-label="Health checks">
      <ul className={styles.lamps}>
        {sorted.map((check) => (
          <li key={check.key}>
            <button
              type="button"
              className={styles.check}
              aria-expanded={open === check.key}
              aria-controls={id}
              onClick={() => setOpen(open === check.key ? null : check.key)}
            >
              <Lamp status={check.status} />
              <span>{check.title}</span>
              <span className={styles.state}>{HEALTH[check.status]}</span>
            </button>
          </li>
        ))}
        <li>
          <Link className={styles.check} to={{ pathname: `/experiments/${experimentKey}/health`, search }}>
            {sorted.length === 0 && checks.length > 0 ? <Lamp status="pass" /> : null}
            <span>{restText(checks)}</span>
          </Link>
        </li>
      </ul>
      <div id={id}>
        <Collapse expanded={shown !== undefined}>
          {shown === undefined ? null : <CheckDetail check={shown} />}
        </Collapse>
      </div>
    </section>
  );
}

function restText(checks: readonly HealthResult[]): string {
  if (checks.length === 0) return 'No health check has run yet';
  const passing = checks.filter((check) => check.status === 'pass').length;
  const muted = checks.filter((check) => isFiring(check) && check.muted !== null).length;
  return `${plural(passing, 'check')} of ${checks.length} healthy${muted > 0 ? `, ${muted} muted` : ''}`;
}

function CheckDetail({ check }: { check: HealthResult }): ReactElement {
  return (
    <div className={styles.detail}>
      <p className={styles.explanation}>{check.explanation}</p>
      <Facts
        columns
        facts={[
          { label: 'Value', value: significant(check.value) },
          { label: 'Threshold', value: significant(check.threshold) },
          { label: 'Units affected', value: count(check.unitsAffected) },
          {
            label: 'Effect on the verdict',
            value: check.blocks ? 'Blocks it while failing' : 'Informs only',
          },
        ]}
      />
      {check.likelyCauses.length === 0 ? null : (
        <>
          <p className={styles.causes}>
            {plural(check.likelyCauses.length, 'likely cause')}, most likely first
          </p>
          <ol className={styles.list}>
            {check.likelyCauses.map((cause) => (
              <li key={cause}>{cause}</li>
            ))}
          </ol>
        </>
      )}
    </div>
  );
}
