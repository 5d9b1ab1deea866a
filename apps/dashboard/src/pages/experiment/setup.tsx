import { Button } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';
import { useManagedBy } from '../../api/config-files.js';
import { useCatalog, usePhases } from '../../api/queries.js';
import type { Arm, Experiment, Phase, Treatment } from '../../api/types.js';
import {
  SLICE,
  STEADY,
  conditionSentence,
  count,
  dateTime,
  json,
  percent,
  plural,
} from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Facts } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { Pill } from '../../ui/status.js';
import { GuardrailsPanel } from './guardrails/guardrails-panel.js';
import { CHANGEABLE } from './lifecycle.js';
import { EvidencePanel } from './lifecycle-panels/evidence-panel.js';
import styles from './setup.module.css';
import { ChangeDialog } from './traffic/change-dialog.js';
import { Rerandomise } from './traffic/rerandomise.js';
import { SchedulePanel } from './traffic/schedule-panel.js';

/** What the experiment is: hypothesis, arms, who takes part, what is measured, and how that changed. */
export function Setup({ experiment }: { experiment: Experiment }): ReactElement {
  return (
    <div className={layout.stack}>
      <Panel title="Hypothesis">
        <p className={styles.hypothesis}>{experiment.hypothesis || 'None was written down.'}</p>
      </Panel>
      <Panel
        title="Arms"
        note="Weights are fixed within a phase; a policy adapts inside its arm, so that arms stay comparable."
        flush
      >
        <Arms arms={experiment.arms} shippedArm={experiment.shippedArm} />
      </Panel>
      <div className={layout.split}>
        <Audience experiment={experiment} />
        <Measurement experiment={experiment} />
      </div>
      <SchedulePanel experiment={experiment} />
      <GuardrailsPanel experiment={experiment} />
      <EvidencePanel experiment={experiment} />
      {experiment.startedAt === null ? null : <Phases experiment={experiment} />}
    </div>
  );
}

function Arms({ arms, shippedArm }: { arms: readonly Arm[]; shippedArm: string | null }): ReactElement {
  const total = arms.reduce((sum, arm) => sum + arm.weight, 0);
  const columns: Column<Arm>[] = [
    {
      key: 'arm',
      title: 'Arm',
      cell: (arm) => (
        <div className={styles.arm}>
          <span>
            {arm.title} {arm.isControl ? <Pill label="Control" /> : null}
            {arm.key === shippedArm ? <Pill tone="solid" icon="ship" label="Shipped" /> : null}
          </span>
          <span className="mq-mono mq-muted">{arm.key}</span>
        </div>
      ),
    },
    {
      key: 'share',
      title: 'Share',
      align: 'right',
      cell: (arm) => percent(total === 0 ? null : arm.weight / total, 1),
    },
    { key: 'treatment', title: 'Treatment', cell: (arm) => <TreatmentCell treatment={arm.treatment} /> },
  ];
  return <DataTable caption="Arms" columns={columns} rows={arms} rowKey={(arm) => arm.key} />;
}

export function TreatmentCell({ treatment }: { treatment: Treatment }): ReactNode {
  if (treatment.kind === 'value') return <code className={styles.value}>{json(treatment.value)}</code>;
  return (
    <div className={styles.arm}>
      <span>
        Policy <Link to={`/policies/${treatment.policyId}`}>{treatment.policyId}</Link>
      </span>
      <span className={styles.note}>{STEADY[treatment.steadyFor]}</span>
      {treatment.slice === undefined ? null : <span className={styles.note}>{SLICE[treatment.slice]}</span>}
    </div>
  );
}

function Audience({ experiment }: { experiment: Experiment }): ReactElement {
  const [changing, setChanging] = useState(false);
  const managed = useManagedBy('experiment', experiment.key);
  const layers = [
    { layer: experiment.layer, range: experiment.layerRange },
    ...(experiment.otherLayers ?? []),
  ];
  return (
    <Panel
      title="Who takes part"
      actions={
        CHANGEABLE.has(experiment.status) && managed === null ? (
          <Button size="xs" variant="default" onClick={() => setChanging(true)}>
            Change
          </Button>
        ) : undefined
      }
    >
      {changing ? <ChangeDialog experiment={experiment} close={() => setChanging(false)} /> : null}
      <Facts
        facts={[
          { label: 'Surface', value: experiment.surface },
          { label: 'Unit', value: experiment.unitType },
          { label: 'Targeting', value: conditionSentence(experiment.targeting) },
          { label: 'Traffic', value: `${percent(experiment.traffic, 0)} of its own units` },
          {
            label: layers.length === 1 ? 'Layer' : 'Layers',
            value: layers
              .map(
                ({ layer, range: [from, to] }) =>
                  `${layer}, ${percent(to - from, 1)} of it (${from.toFixed(3)} to ${to.toFixed(3)})`,
              )
              .join('; and '),
          },
          {
            label: 'Seed',
            value: (
              <>
                <span className="mq-mono">{experiment.salt}</span>
                {experiment.hashVersion === 1 ? ' (hash version 1, as in GrowthBook)' : null}
              </>
            ),
          },
        ]}
      />
    </Panel>
  );
}

function Measurement({ experiment }: { experiment: Experiment }): ReactElement {
  const metrics = useCatalog().data?.metrics ?? [];
  const title = (key: string): string => metrics.find((metric) => metric.key === key)?.title ?? key;
  const listed = (keys: readonly string[]): string => keys.map(title).join(', ') || 'none';
  return (
    <Panel title="What is measured">
      <Facts
        facts={[
          { label: 'Decided on', value: title(experiment.decisionMetric) },
          { label: 'Guardrails', value: listed(experiment.guardrailMetrics) },
          { label: 'Secondary', value: listed(experiment.secondaryMetrics) },
          { label: 'Shortest run', value: plural(experiment.minimumDays, 'day') },
          {
            label: 'Planned size',
            value:
              experiment.plannedUnits === null
                ? 'not planned'
                : `${count(experiment.plannedUnits)} ${experiment.unitType}s`,
          },
          { label: 'Tags', value: experiment.tags.join(', ') || 'none' },
        ]}
      />
    </Panel>
  );
}

function Phases({ experiment }: { experiment: Experiment }): ReactElement {
  const query = usePhases(experiment.key);
  const columns: Column<Phase>[] = [
    { key: 'phase', title: 'Phase', cell: (phase) => phase.phase },
    { key: 'from', title: 'From', cell: (phase) => dateTime(phase.startedAt) },
    { key: 'to', title: 'To', cell: (phase) => (phase.endedAt === null ? 'now' : dateTime(phase.endedAt)) },
    { key: 'traffic', title: 'Traffic', align: 'right', cell: (phase) => percent(phase.traffic, 0) },
    {
      key: 'units',
      title: 'Units before it',
      cell: (phase) =>
        phase.phase === 1 ? '—' : phase.keepsUnits === true ? 'kept their arms' : 'moved with it',
    },
    { key: 'targeting', title: 'Targeting', cell: (phase) => conditionSentence(phase.targeting) },
    {
      key: 'arms',
      title: 'Weights',
      cell: (phase) => phase.arms.map((arm) => `${arm.key} ${arm.weight}`).join(', '),
    },
  ];
  return (
    <Panel
      title="Phases"
      note="A phase is a span with unchanged targeting and allocation."
      actions={<Rerandomise experiment={experiment} />}
      flush
    >
      <QueryBoundary query={query} what="phases" lines={2} isEmpty={(page) => page.items.length === 0}>
        {(page) => (
          <DataTable
            caption="Phases"
            columns={columns}
            rows={page.items}
            rowKey={(phase) => String(phase.phase)}
          />
        )}
      </QueryBoundary>
    </Panel>
  );
}
