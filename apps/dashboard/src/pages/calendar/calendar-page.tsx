import { Alert, Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { ChartFrame } from '../../charts/chart-frame.js';
import { useCalendar } from '../../api/lifecycle.js';
import type { Booking, Calendar, Clash } from '../../api/lifecycle.js';
import { date, humanise, plural } from '../../format/index.js';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { CalendarFilters } from './calendar-filters.js';
import {
  REASON,
  chosen,
  clashesWith,
  grouped,
  layersOf,
  spanOf,
  useCalendarChoice,
} from './calendar-view.js';
import type { CalendarChoice } from './calendar-view.js';
import styles from './calendar.module.css';
import { Timeline } from './timeline.js';

/** Which experiments run when on which surface, and which of them are in each other's way. */
export function CalendarPage(): ReactElement {
  const [choice, set] = useCalendarChoice();
  const query = useCalendar({ ...spanOf(choice), drafts: choice.drafts });
  return (
    <>
      <PageHeader
        title="Calendar"
        meta="Experiments on one axis of time, and which of them are in each other's way, with the reason."
        actions={
          <Button component={Link} to="/experiments" variant="default">
            Experiments
          </Button>
        }
      />
      <QueryBoundary query={query} what="calendar" lines={8}>
        {(calendar) => (
          <>
            <CalendarFilters calendar={calendar} choice={choice} set={set} />
            <Shown calendar={calendar} choice={choice} />
          </>
        )}
      </QueryBoundary>
    </>
  );
}

function Shown({ calendar, choice }: { calendar: Calendar; choice: CalendarChoice }): ReactElement {
  const { items, clashes } = chosen(calendar, choice);
  if (items.length === 0)
    return (
      <StateMessage
        icon="clock"
        title={calendar.items.length === 0 ? 'Nothing runs in these weeks' : 'Nothing matches the filter'}
      >
        An experiment appears here once it has started or has a start date.
      </StateMessage>
    );
  const groups = grouped(items, choice.group);
  return (
    <Panel
      title={choice.group === 'surface' ? 'By surface' : 'By layer'}
      note="Clashes over units and layers. Experiments that share a metric are a kind of their own, in the filter."
    >
      <Clashes clashes={clashes} />
      <ChartFrame
        title={`Experiments by ${choice.group} and time`}
        summary={`${plural(items.length, 'experiment')} on ${plural(groups.length, choice.group)}, ${plural(clashes.length, 'clash', 'clashes')}. A bar with an open end has no planned one; a hatched part is a clash.`}
        headings={{
          surface: 'Surface',
          experiment: 'Experiment',
          status: 'Status',
          layers: 'Layers',
          metric: 'Decided by',
          from: 'From',
          to: 'To',
          clashes: 'In the way of',
        }}
        rows={items.map((item) => twinOf(item, clashes))}
      >
        <Timeline span={calendar} groups={groups} clashes={clashes} />
      </ChartFrame>
    </Panel>
  );
}

const twinOf = (item: Booking, clashes: readonly Clash[]) => ({
  id: item.key,
  cells: {
    surface: item.surface,
    experiment: item.title,
    status: humanise(item.status),
    layers: layersOf(item),
    metric: item.metric,
    from: date(item.from),
    to: `${date(item.to)}${item.endIsGuess ? ' or later' : ''}`,
    clashes:
      clashesWith(item.key, clashes)
        .map(({ other, clash }) => `${other} (${REASON[clash.reason].toLowerCase()})`)
        .join(', ') || 'none',
  },
});

/** Most that are spelled out; the table has them all. */
const MOST = 12;

function Clashes({ clashes }: { clashes: readonly Clash[] }): ReactElement | null {
  if (clashes.length === 0) return null;
  return (
    <Alert color="orange" variant="light" title={plural(clashes.length, 'clash', 'clashes')} mb="md">
      <ul className={styles.clashes}>
        {clashes.slice(0, MOST).map(({ experiments, reason, from, to, text }) => (
          <li key={`${experiments.join(' ')} ${reason}`}>
            <strong>{REASON[reason]}:</strong> {experiments.join(' and ')}, {date(from)} to {date(to)}. {text}
          </li>
        ))}
      </ul>
      {clashes.length > MOST ? `${plural(clashes.length - MOST, 'more', 'more')}, in the table.` : null}
    </Alert>
  );
}
