import { MultiSelect, NumberInput, Select, Stack } from '@mantine/core';
import type { ReactElement } from 'react';
import type { MetricDefinition } from '../../api/types.js';
import { plural } from '../../format/index.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import type { SectionProps } from './section-props.js';

function options(
  metrics: readonly MetricDefinition[],
  without: readonly string[],
): { value: string; label: string }[] {
  return metrics
    .filter((metric) => !without.includes(metric.key))
    .map(({ key, title }) => ({ value: key, label: title }));
}

/** One metric decides, guardrails protect, the others inform. */
export function MeasureSection({ draft, set, problems, catalog }: SectionProps): ReactElement {
  const { metrics } = catalog;
  const decision = metrics.find((metric) => metric.key === draft.decisionMetric);
  return (
    <Panel title="What is measured">
      <Stack gap="md">
        <Select
          label="Decision metric"
          required
          searchable
          placeholder="The one that decides"
          error={problems['/decisionMetric']}
          data={options(metrics, [])}
          value={draft.decisionMetric || null}
          onChange={(key) =>
            set({
              decisionMetric: key ?? '',
              guardrailMetrics: draft.guardrailMetrics.filter((entry) => entry !== key),
              secondaryMetrics: draft.secondaryMetrics.filter((entry) => entry !== key),
            })
          }
          description={
            decision === undefined ? undefined : `${decision.description} Better when ${decision.betterWhen}.`
          }
        />
        <div className={layout.fields}>
          <MultiSelect
            label="Guardrails"
            description="Must not get worse"
            searchable
            data={options(metrics, [draft.decisionMetric, ...draft.secondaryMetrics])}
            value={draft.guardrailMetrics}
            onChange={(guardrailMetrics) => set({ guardrailMetrics })}
          />
          <MultiSelect
            label="Secondary"
            description="Good to know"
            searchable
            data={options(metrics, [draft.decisionMetric, ...draft.guardrailMetrics])}
            value={draft.secondaryMetrics}
            onChange={(secondaryMetrics) => set({ secondaryMetrics })}
          />
        </div>
        <div className={layout.fields}>
          <NumberInput
            label="Shortest run"
            description={
              decision === undefined || decision.maturityDays === 0
                ? 'Whole weeks even out weekdays'
                : `The decision metric matures after ${plural(decision.maturityDays, 'day')}`
            }
            suffix=" days"
            min={1}
            max={365}
            value={draft.minimumDays}
            onChange={(days) => set({ minimumDays: typeof days === 'number' ? days : 1 })}
          />
          <NumberInput
            label="Planned units"
            description="Leave empty if you have not planned a size"
            thousandSeparator=","
            min={1}
            value={draft.plannedUnits ?? ''}
            onChange={(units) => set({ plannedUnits: typeof units === 'number' ? units : null })}
          />
        </div>
      </Stack>
    </Panel>
  );
}
