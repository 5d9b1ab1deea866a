import type { ReactElement } from 'react';
import { useCatalog, usePolicies } from '../../api/queries.js';
import type { Experiment, MetricDefinition, Policy } from '../../api/types.js';
import { plural } from '../../format/index.js';
import { CheckList } from '../../ui/check-list.js';
import type { CheckItem } from '../../ui/check-list.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { ApprovalPanel } from './lifecycle-panels/approval-panel.js';
import { LaunchPanel } from './lifecycle-panels/launch-panel.js';
import { Setup } from './setup.js';

function metricNamed(metrics: readonly MetricDefinition[], key: string): string {
  return metrics.find((metric) => metric.key === key)?.title ?? key;
}

/** What should be true before anybody is assigned; the same list before and after saving. */
export function launchChecks(
  experiment: Experiment,
  metrics: readonly MetricDefinition[],
  policies: readonly Policy[],
): CheckItem[] {
  const controls = experiment.arms.filter((arm) => arm.isControl).length;
  const used = experiment.arms.flatMap(({ treatment }) =>
    treatment.kind === 'policy' ? [treatment.policyId] : [],
  );
  const unserved = policies.filter(
    (policy) => used.includes(policy.id) && policy.learns === 'batch' && policy.servingVersion === null,
  );
  const decision = metrics.find((metric) => metric.key === experiment.decisionMetric);
  return [
    {
      text: 'The hypothesis says what should change, and why',
      holds: experiment.hypothesis.trim().length >= 20,
      needed: true,
    },
    {
      text: `${plural(experiment.arms.length, 'arm')}, one of them the control`,
      holds: experiment.arms.length >= 2 && controls === 1,
      needed: true,
    },
    {
      text: `Decided on ${metricNamed(metrics, experiment.decisionMetric) || 'no metric yet'}`,
      holds: experiment.decisionMetric !== '',
      needed: true,
    },
    {
      text: 'At least one guardrail watches for harm',
      holds: experiment.guardrailMetrics.length > 0,
      needed: false,
    },
    { text: 'Runs for at least one full week', holds: experiment.minimumDays >= 7, needed: false },
    {
      text: 'Long enough for the decision metric to mature',
      holds: decision === undefined || experiment.minimumDays >= decision.maturityDays,
      needed: false,
    },
    {
      text:
        unserved.length === 0
          ? 'Every policy has something to serve'
          : `No snapshot yet: ${unserved.map((policy) => policy.title).join(', ')}`,
      holds: unserved.length === 0,
      needed: false,
    },
  ];
}

/** The overview of an experiment that has not started. */
export function Checklist({ experiment }: { experiment: Experiment }): ReactElement {
  const metrics = useCatalog().data?.metrics ?? [];
  const policies = usePolicies().data?.items ?? [];
  return (
    <div className={layout.stack}>
      <Panel
        title="Before it starts"
        note="Nobody is assigned until you start it. What is open here can still be changed."
      >
        <CheckList items={launchChecks(experiment, metrics, policies)} />
      </Panel>
      <LaunchPanel experimentKey={experiment.key} />
      <ApprovalPanel experimentKey={experiment.key} />
      <Setup experiment={experiment} />
    </div>
  );
}
