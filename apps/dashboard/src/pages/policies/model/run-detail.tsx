import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import type { RunEvaluation } from '../../../api/models.js';
import type { Policy, TrainingRun } from '../../../api/types.js';
import { count, dateTime, json, plural } from '../../../format/index.js';
import { Facts } from '../../../ui/details.js';
import layout from '../../../ui/layout.module.css';
import { PromoteDialog, verb } from '../promote-dialog.js';
import styles from '../policies.module.css';
import { EvaluationTable } from './evaluation-table.js';
import { TrainingCurve } from './training-curve.js';

/** One training run opened: curve, evaluation, data cut, and the way to let it serve. */
export function RunDetail({ policy, run }: { policy: Policy; run: TrainingRun }): ReactElement {
  return (
    <div className={layout.stack}>
      {run.curve.length === 0 ? (
        <p className={styles.note}>
          {run.status === 'queued' ? 'It has not begun.' : 'The model reported no training curve.'}
        </p>
      ) : (
        <TrainingCurve run={run} />
      )}
      {run.evaluation === null ? null : <EvaluationTable evaluation={run.evaluation as RunEvaluation} />}
      <Facts columns facts={factsOf(run)} />
      <Serve policy={policy} run={run} />
    </div>
  );
}

function factsOf(run: TrainingRun): { label: string; value: string }[] {
  const { data } = run;
  const { began, fitSeconds, peakMemoryMb, resumed } = (run.evaluation ?? {}) as RunEvaluation;
  const cut =
    data === null
      ? [{ label: 'Data', value: 'not read' }]
      : [
          { label: 'Data from', value: dateTime(data.from) },
          { label: 'Data to', value: dateTime(data.to) },
          { label: 'Outcomes', value: count(data.rows) },
          { label: 'Members', value: count(data.units) },
          { label: 'Titles', value: count(data.items) },
        ];
  return [
    ...cut,
    { label: 'Asked for by', value: run.trigger === 'schedule' ? 'the schedule' : 'a person' },
    ...(began === undefined ? [] : [{ label: 'Began', value: beginning(began) }]),
    ...(resumed ? [{ label: 'Interrupted', value: 'yes, went on from a checkpoint' }] : []),
    { label: 'Seed', value: String(run.seed ?? '—') },
    ...(fitSeconds === undefined ? [] : [{ label: 'Fitting', value: `${count(Math.ceil(fitSeconds))} s` }]),
    ...(peakMemoryMb === undefined ? [] : [{ label: 'Peak memory', value: `${count(peakMemoryMb)} MB` }]),
    ...(run.params === undefined ? [] : [{ label: 'Parameters', value: json(run.params) }]),
  ];
}

/** What the weights were before the first pass. */
function beginning(began: NonNullable<RunEvaluation['began']>): string {
  if (began.with === 'scratch') return 'from nothing';
  const more = began.newItems > 0 ? `, ${plural(began.newItems, 'new title')} by attributes` : '';
  return `with snapshot ${began.version}${more}`;
}

function Serve({ policy, run }: { policy: Policy; run: TrainingRun }): ReactElement | null {
  const [asking, setAsking] = useState(false);
  const version = run.snapshotVersion;
  if (version === null || run.status !== 'succeeded') return null;
  if (version === policy.servingVersion) return <p className={styles.note}>Snapshot {version} serves now.</p>;
  return (
    <div>
      <Button variant="default" size="compact-sm" onClick={() => setAsking(true)}>
        {verb(version, policy.servingVersion)} to snapshot {version}
      </Button>
      {asking ? <PromoteDialog policy={policy} version={version} close={() => setAsking(false)} /> : null}
    </div>
  );
}
