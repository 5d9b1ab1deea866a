import { Select } from '@mantine/core';
import type { ReactElement } from 'react';
import { useAdjustments } from '../../api/method-queries.js';
import type { ComparedBy } from '../../api/method-queries.js';
import type { Adjustments, AdjustedResult } from '../../api/types-methods.js';
import { dateTime, percent } from '../../format/index.js';
import layout from '../../ui/layout.module.css';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import { EffectForest } from './effect-forest.js';

interface AdjustmentsPanelProps {
  experimentKey: string;
  metric: string;
  arm: string;
  comparedBy: ComparedBy;
}

const EMPTY: Record<string, string> = {
  needs_units: 'Quantiles and times to an event have no adjusted result.',
  no_units: 'The results appear with the first mature units.',
};

/** One result in every way of adjusting it for what was known before the experiment. */
export function AdjustmentsPanel({
  experimentKey,
  metric,
  arm,
  comparedBy,
}: AdjustmentsPanelProps): ReactElement {
  const [stratifyBy, setStratifyBy] = useUrlState('stratifyBy');
  return (
    <QueryBoundary
      query={useAdjustments(experimentKey, metric, comparedBy, stratifyBy || null)}
      what="adjustments"
      lines={4}
      isEmpty={({ arms }) => !arms.some((one) => one.arm === arm)}
      empty={
        <StateMessage icon="clock" title="Nothing to adjust yet">
          {EMPTY.no_units}
        </StateMessage>
      }
    >
      {(data) => (
        <>
          {data.stratifyByChoices.length > 1 ? (
            <div className={layout.toolbar}>
              <Select
                label="Strata by"
                w={220}
                size="xs"
                allowDeselect={false}
                data={data.stratifyByChoices}
                value={data.stratifyBy?.attribute ?? null}
                onChange={(value) => setStratifyBy(value)}
              />
            </div>
          ) : null}
          <EffectForest
            title={`Adjustments ${data.metric} ${arm}`}
            summary={summaryOf(data, resultsOf(data, arm))}
            rows={resultsOf(data, arm).map((one) => ({ key: one.way, ...one }))}
            measuredIn={data.measuredIn}
            betterWhen={data.betterWhen}
            source={`${data.experiment}, ${data.estimator} against ${data.baseline}, as of ${dateTime(data.asOf)}.`}
          />
        </>
      )}
    </QueryBoundary>
  );
}

const resultsOf = ({ arms }: Adjustments, arm: string): AdjustedResult[] =>
  arms.find((one) => one.arm === arm)?.results ?? [];

function summaryOf(
  { covariates, stratifyBy, errors, estimator }: Adjustments,
  results: AdjustedResult[],
): string {
  const most = results.reduce<AdjustedResult | null>(
    (best, one) => ((one.varianceReduction ?? 0) > (best?.varianceReduction ?? 0) ? one : best),
    null,
  );
  const gain =
    most === null
      ? 'No way of adjusting makes the result more precise.'
      : `${most.title} takes away most of the variance: ${percent(most.varianceReduction)}.`;
  const before =
    covariates.length === 0
      ? 'No metric has a value from before the experiment.'
      : `From before the experiment: ${covariates.map(({ title }) => title).join(', ')}.`;
  const strata = stratifyBy === null ? '' : ` Strata by ${stratifyBy.attribute}.`;
  return `${gain} ${before}${strata} Errors of the regression: ${errors.toUpperCase()}. Estimator: ${estimator}. Choose the way before the experiment starts, not by its result.`;
}
