import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { segment } from '../../../api/http.js';
import { useModelCard } from '../../../api/models.js';
import type { ModelCard, QualityKey } from '../../../api/models.js';
import type { Policy } from '../../../api/types.js';
import { count, decimal } from '../../../format/index.js';
import { Stat, Stats, When } from '../../../ui/details.js';
import layout from '../../../ui/layout.module.css';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { TrainingPanel } from '../training-panel.js';
import { SchedulePanel } from './schedule-panel.js';

/** The model behind a policy that learns in training runs: what serves, how good it is, and every run. */
export function ModelTab({ policy }: { policy: Policy }): ReactElement {
  return (
    <div className={layout.stack}>
      <Panel
        title="What serves"
        note="Judged on data after the part that it was fitted on, beside popularity."
        actions={
          <Button
            component={Link}
            to={`/policies/${segment(policy.id)}/card`}
            variant="default"
            size="compact-sm"
          >
            Model card
          </Button>
        }
        flush
      >
        <QueryBoundary query={useModelCard(policy.id)} what="model" lines={3}>
          {(card) => <Serving card={card} />}
        </QueryBoundary>
      </Panel>
      <TrainingPanel policy={policy} />
      <SchedulePanel policy={policy} />
    </div>
  );
}

function Serving({ card }: { card: ModelCard }): ReactElement {
  const { serving, data, evaluation } = card;
  return (
    <Stats>
      <Stat
        label="Snapshot"
        value={serving?.version ?? 'none'}
        note={serving === null ? 'the surface’s default order' : <When at={serving.madeAt} />}
      />
      <Stat
        label="Learned from"
        value={count(data?.rows ?? serving?.rowsUsed ?? null)}
        note={
          data === null ? 'outcomes' : `outcomes of ${count(data.units)} members, ${count(data.items)} titles`
        }
      />
      {(['ndcg@10', 'recall@20', 'coverage@20'] as const).map((key) => (
        <Quality key={key} name={key} evaluation={evaluation} />
      ))}
    </Stats>
  );
}

function Quality({
  name,
  evaluation,
}: {
  name: QualityKey;
  evaluation: ModelCard['evaluation'];
}): ReactElement {
  const figure = evaluation?.figures.find(({ key }) => key === name);
  const label = name === 'ndcg@10' ? 'NDCG@10' : name === 'recall@20' ? 'Recall@20' : 'Coverage@20';
  if (figure === undefined) return <Stat label={label} value="—" note="not measured" />;
  return (
    <Stat
      label={label}
      value={decimal(figure.value, 3)}
      note={figure.popularity === null ? '' : `popularity ${decimal(figure.popularity, 3)}`}
    />
  );
}
