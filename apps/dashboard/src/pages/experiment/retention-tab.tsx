import { SegmentedControl } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Experiment, RetentionKind } from '../../api/types.js';
import layout from '../../ui/layout.module.css';
import { useUrlState } from '../../ui/url-state.js';
import { OwnAssignment } from './clusters-panel.js';
import { ForecastPanel } from './forecast-panel.js';
import { NotStarted } from './not-started.js';
import { KINDS } from './retention-kinds.js';
import { RetentionView } from './retention-view.js';
import { EventSelect, SurvivalView } from './survival-view.js';

const KIND_KEYS = Object.keys(KINDS) as RetentionKind[];
const SURVIVAL = 'survival';
const VIEWS = [
  ...KIND_KEYS.map((kind) => ({ value: kind as string, label: KINDS[kind].label })),
  { value: SURVIVAL, label: 'Time to event' },
];

/** Who came back, who left, and what the first days say about later. The view is in the address. */
export function RetentionTab({ experiment }: { experiment: Experiment }): ReactElement {
  const [chosen, setChosen] = useUrlState('view');
  if (experiment.startedAt === null) return <NotStarted experiment={experiment} />;
  const kind = KIND_KEYS.find((key) => key === chosen) ?? 'day';
  const survival = chosen === SURVIVAL;
  return (
    <OwnAssignment experiment={experiment}>
      <div className={layout.toolbar}>
        <SegmentedControl
          aria-label="Retention view"
          data={VIEWS}
          value={survival ? SURVIVAL : kind}
          onChange={(view) => setChosen(view === 'day' ? null : view)}
        />
        {survival ? <EventSelect /> : null}
      </div>
      <div className={layout.stack}>
        {survival ? (
          <SurvivalView experiment={experiment} />
        ) : (
          <RetentionView experiment={experiment} kind={kind} />
        )}
        <ForecastPanel experiment={experiment} />
      </div>
    </OwnAssignment>
  );
}
