import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useParams } from 'react-router';
import { useModelCard } from '../../../api/models.js';
import type { ModelCard } from '../../../api/models.js';
import { count, dateTime, decimal, duration, humanise, json } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import { Facts } from '../../../ui/details.js';
import type { Fact } from '../../../ui/details.js';
import layout from '../../../ui/layout.module.css';
import { PageHeader } from '../../../ui/page-header.js';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { rewardSentence } from '../reward-sentence.js';
import { FeaturesRead } from './features-read.js';
import { EvaluationTable } from './evaluation-table.js';

/** The model card of a policy, made to be printed. */
export function ModelCardPage(): ReactElement {
  const { id = '' } = useParams();
  const query = useModelCard(id);
  return (
    <>
      <PageHeader
        title={`Model card: ${query.data?.policy.title ?? id}`}
        parent={{ to: `/policies/${id}`, label: 'Policy' }}
        meta={query.data === undefined ? undefined : `As of ${dateTime(query.data.generatedAt)}`}
        actions={
          <Button variant="default" className="mq-no-print" onClick={() => window.print()}>
            Print
          </Button>
        }
      />
      <QueryBoundary query={query} what="model card" lines={10}>
        {(card) => <Card card={card} />}
      </QueryBoundary>
    </>
  );
}

function Card({ card }: { card: ModelCard }): ReactElement {
  const { model, evaluation, notes } = card;
  return (
    <div className={layout.stack}>
      <Panel title="What it is">
        <p>{model.summary}</p>
        <Facts facts={whatItIs(card)} />
      </Panel>
      {notes.length === 0 ? null : (
        <Panel title="Know before relying on it">
          <ul>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </Panel>
      )}
      <Panel title="What it learned from">
        <Facts facts={learnedFrom(card)} />
      </Panel>
      {evaluation === null ? null : (
        <Panel title="How it was judged" note={evaluation.protocol}>
          <EvaluationTable evaluation={evaluationOf(evaluation)} />
        </Panel>
      )}
      <FeaturesRead card={card} />
      <UsedBy card={card} />
      <Panel title="Parameters" flush>
        <DataTable
          caption="Parameters"
          columns={[
            { key: 'name', title: 'Parameter', cell: ({ name }) => name },
            {
              key: 'value',
              title: 'Value',
              cell: ({ value }) => <span className="mq-mono">{json(value)}</span>,
            },
            { key: 'description', title: 'What it does', cell: ({ description }) => description },
          ]}
          rows={model.parameters}
          rowKey={({ name }) => name}
          dense
        />
      </Panel>
    </div>
  );
}

function evaluationOf({ figures, comparison, heldOutFrom, ...rest }: NonNullable<ModelCard['evaluation']>) {
  return {
    ...Object.fromEntries(figures.map(({ key, value }) => [key, value])),
    popularity: Object.fromEntries(figures.map(({ key, popularity }) => [key, popularity ?? undefined])),
    serving: comparison,
    judgedUnits: rest.judgedUnits,
    data: { heldOutFrom },
  };
}

function whatItIs({ model, policy, exploration, floor, serving, offPolicy }: ModelCard): Fact[] {
  return [
    { label: 'Method', value: model.title },
    { label: 'Reference', value: model.reference },
    {
      label: 'Learns',
      value: { online: 'from every reward', batch: 'in training runs', never: 'nothing' }[policy.learns],
    },
    { label: 'Exploration', value: `${exploration.title} ${json(exploration.params)}` },
    { label: 'Least probability', value: floor === 0 ? 'none' : decimal(floor) },
    {
      label: 'Serving',
      value: serving === null ? 'no snapshot' : `snapshot ${serving.version} of ${dateTime(serving.madeAt)}`,
    },
    ...(serving === null
      ? []
      : [{ label: 'SHA-256', value: <span className="mq-mono">{serving.sha256}</span> }]),
    ...(offPolicy === null
      ? []
      : [{ label: 'Off-policy gate', value: `${humanise(offPolicy.answer)}, ${dateTime(offPolicy.at)}` }]),
  ];
}

function learnedFrom({ learnsFrom, data, serving, evaluation, training }: ModelCard): Fact[] {
  const cut: Fact[] =
    data === null
      ? []
      : [
          { label: 'Data', value: `${dateTime(data.from)} to ${dateTime(data.to)}` },
          {
            label: 'Size',
            value: `${count(data.rows)} outcomes of ${count(data.units)} members with ${count(data.items)} titles`,
          },
        ];
  return [
    { label: 'Reward', value: rewardSentence(learnsFrom?.reward ?? null) },
    { label: 'Window', value: learnsFrom === null ? 'none' : duration(learnsFrom.windowSeconds) },
    ...cut,
    ...(serving?.seed ? [{ label: 'Seed', value: serving.seed }] : []),
    ...(evaluation === null
      ? []
      : [{ label: 'Fitting', value: `${count(Math.ceil(evaluation.fitSeconds))} s` }]),
    { label: 'Training runs', value: `${count(training.runs)}, of which ${count(training.failed)} failed` },
  ];
}

function UsedBy({ card }: { card: ModelCard }): ReactElement {
  return (
    <Panel title="Where it decides" flush>
      <DataTable
        caption="Where it decides"
        columns={[
          { key: 'experiment', title: 'Experiment', cell: ({ title }) => title },
          { key: 'surface', title: 'Surface', cell: ({ surface }) => surface },
          { key: 'arm', title: 'Arm', cell: ({ arm }) => arm },
          { key: 'status', title: 'Status', cell: ({ status }) => humanise(status) },
        ]}
        rows={card.usedBy}
        rowKey={({ experiment, arm }) => `${experiment}/${arm}`}
        dense
      />
    </Panel>
  );
}
