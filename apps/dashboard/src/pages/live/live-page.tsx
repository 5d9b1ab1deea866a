import { Button, Select, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useDecisions, useEvents, useExperiments } from '../../api/queries.js';
import { time } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import { DecisionLine, EventLine } from './tail-line.js';
import styles from './live.module.css';

/** Decisions and outcomes as they arrive, side by side. */
export function LivePage(): ReactElement {
  const [unit, setUnit] = useUrlState('unit');
  const [experiment, setExperiment] = useUrlState('experiment');
  const [paused, setPaused] = useState(false);
  const [since] = useState(() => new Date().toISOString());
  const decisions = useDecisions({ unitId: unit || null, experiment: experiment || null }, !paused);
  const events = useEvents({ unitId: unit || null }, !paused);
  return (
    <>
      <PageHeader
        title="Live tail"
        meta={
          <span role="status">
            {paused
              ? 'Paused. Nothing moves until you go on.'
              : `Listening since ${time(since)}, refreshed every 2 s.`}
          </span>
        }
        actions={
          <Button
            variant="default"
            leftSection={<Icon name={paused ? 'play' : 'pause'} size={14} />}
            onClick={() => setPaused(!paused)}
          >
            {paused ? 'Go on' : 'Pause'}
          </Button>
        }
      />
      <Filters unit={unit} setUnit={setUnit} experiment={experiment} setExperiment={setExperiment} />
      <div className={layout.split}>
        <Panel title="Decisions" note="What was served, and with which probability." flush>
          <QueryBoundary
            query={decisions}
            what="decisions"
            lines={10}
            isEmpty={(page) => page.items.length === 0}
            empty={
              <StateMessage icon="live" title="Waiting for the first decision">
                It shows here within two seconds of being stored.
              </StateMessage>
            }
          >
            {(page) => (
              <ol className={styles.tail}>
                {page.items.map((decision) => (
                  <DecisionLine key={decision.id} decision={decision} />
                ))}
              </ol>
            )}
          </QueryBoundary>
        </Panel>
        <Panel
          title="Exposures and outcomes"
          note={
            experiment === ''
              ? 'What people did.'
              : 'What people did, in all experiments: events do not name one.'
          }
          flush
        >
          <QueryBoundary
            query={events}
            what="events"
            lines={10}
            isEmpty={(page) => page.items.length === 0}
            empty={
              <StateMessage icon="live" title="Waiting for the first event">
                Outcomes arrive after the decisions they answer.
              </StateMessage>
            }
          >
            {(page) => (
              <ol className={styles.tail}>
                {page.items.map((event) => (
                  <EventLine key={event.id} event={event} />
                ))}
              </ol>
            )}
          </QueryBoundary>
        </Panel>
      </div>
    </>
  );
}

interface FiltersProps {
  unit: string;
  setUnit: (unit: string | null) => void;
  experiment: string;
  setExperiment: (key: string | null) => void;
}

function Filters({ unit, setUnit, experiment, setExperiment }: FiltersProps): ReactElement {
  const experiments = useExperiments().data?.items ?? [];
  return (
    <div className={layout.toolbar} role="search">
      <TextInput
        aria-label="Unit id"
        placeholder="Unit id"
        w={220}
        value={unit}
        onChange={(event) => setUnit(event.currentTarget.value.trim() || null)}
      />
      <Select
        aria-label="Experiment"
        placeholder="All experiments"
        w={280}
        searchable
        allowDeselect
        clearable
        clearButtonProps={{ 'aria-label': 'All experiments' }}
        data={experiments.map(({ key, title }) => ({ value: key, label: title }))}
        value={experiment || null}
        onChange={setExperiment}
      />
    </div>
  );
}
