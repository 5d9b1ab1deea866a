import type { ReactElement } from 'react';
import { useCapping } from '../../api/method-queries.js';
import type { ComparedBy } from '../../api/method-queries.js';
import type { Capping } from '../../api/types-methods.js';
import { dateTime, level, percent } from '../../format/index.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { EffectForest } from './effect-forest.js';

interface CappingPanelProps {
  experimentKey: string;
  metric: string;
  arm: string;
  comparedBy: ComparedBy;
}

/** A capped metric beside what it would be without its cap. */
export function CappingPanel({ experimentKey, metric, arm, comparedBy }: CappingPanelProps): ReactElement {
  return (
    <QueryBoundary
      query={useCapping(experimentKey, metric, comparedBy)}
      what="uncapped result"
      lines={2}
      isEmpty={({ arms }) => !arms.some((one) => one.arm === arm)}
      empty={
        <StateMessage title="This metric has no cap">
          Give a metric a cap in its definition where a few units with very large values hide the effect.
        </StateMessage>
      }
    >
      {(data) => (
        <EffectForest
          title={`Capping ${data.metric} ${arm}`}
          summary={summaryOf(data)}
          rows={data.arms
            .filter((one) => one.arm === arm)
            .flatMap(({ capped, uncapped }) => [
              { key: 'capped', title: 'Capped (the report)', effect: capped },
              { key: 'uncapped', title: 'Without the cap', effect: uncapped },
            ])}
          measuredIn={data.measuredIn}
          betterWhen={data.betterWhen}
          source={`${data.experiment}, ${data.estimator} against ${data.baseline}, as of ${dateTime(data.asOf)}.`}
        />
      )}
    </QueryBoundary>
  );
}

function summaryOf({ cap, capAt, measuredIn }: Capping): string {
  const where =
    cap !== null && 'quantile' in cap
      ? `at the ${percent(cap.quantile, 0)} quantile of all units’ values other than 0, now ${level(capAt, measuredIn)}`
      : `at ${level(capAt, measuredIn)}`;
  return `Each unit’s value is capped ${where}. The report decides on the capped result. If the two disagree, a few units with very large values make the difference.`;
}
