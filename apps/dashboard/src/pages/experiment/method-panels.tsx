import type { ReactElement, ReactNode } from 'react';
import type { ComparedBy } from '../../api/method-queries.js';
import type { MetricResult } from '../../api/types.js';
import { AdjustmentsPanel } from './adjustments-panel.js';
import { BayesianPanel } from './bayesian-panel.js';
import { CappingPanel } from './capping-panel.js';
import styles from './result-detail.module.css';

interface MethodPanelsProps {
  experimentKey: string;
  result: MetricResult;
  comparedBy: ComparedBy;
}

const CONJUGATE = ['proportion', 'retention', 'count'];
const CAPPABLE = ['count', 'sum', 'mean'];
const NOT_ADJUSTABLE = ['quantile', 'time-to-event'];

/** One result by other methods, side by side: those that fit the kind of its metric. */
export function MethodPanels({ experimentKey, result, comparedBy }: MethodPanelsProps): ReactElement {
  const { metric, arm, kind } = result;
  const shared = { experimentKey, metric, arm, comparedBy };
  if (comparedBy.clusters !== null)
    return (
      <p className={styles.note}>
        Other methods are not shown: they count every unit as if it had been assigned by itself.
      </p>
    );
  return (
    <>
      {comparedBy.segment === null && (comparedBy.maturity ?? null) === null ? null : (
        <p className={styles.note}>The report is narrowed; what follows is about all units, as of now.</p>
      )}
      {NOT_ADJUSTABLE.includes(kind) ? null : (
        <Method result={result} title="Adjusted in other ways">
          <AdjustmentsPanel {...shared} />
        </Method>
      )}
      {CAPPABLE.includes(kind) ? (
        <Method result={result} title="With and without the cap">
          <CappingPanel {...shared} />
        </Method>
      ) : null}
      {CONJUGATE.includes(kind) ? (
        <Method result={result} title="Bayesian">
          <BayesianPanel experimentKey={experimentKey} metric={metric} alpha={comparedBy.alpha} />
        </Method>
      ) : null}
    </>
  );
}

function Method({
  result,
  title,
  children,
}: {
  result: MetricResult;
  title: string;
  children: ReactNode;
}): ReactElement {
  return (
    <section aria-label={`${title}: ${result.title}, ${result.arm}`}>
      <h3 className={styles.title}>{title}</h3>
      {children}
    </section>
  );
}
