import type { ReactElement } from 'react';
import { useOperations } from '../../api/queries.js';
import type { Operations } from '../../api/types.js';
import { bytes, compact, count, decimal, duration, percent } from '../../format/index.js';
import { Stat, Stats } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { Alarms } from './alarms.js';
import { KillSwitch } from './kill-switch.js';
import { Quarantine } from './quarantine.js';
import { Processes, Queues, SnapshotAges } from './tables.js';

/** What users get now, what waits, and how to stop it. */
export function OperationsPage(): ReactElement {
  const query = useOperations();
  return (
    <>
      <PageHeader
        title="Operations"
        meta="What people get right now, what is waiting, and the switch that stops it."
        actions={query.data === undefined ? undefined : <KillSwitch on={query.data.killSwitch} />}
      />
      <QueryBoundary query={query} what="operations" lines={10}>
        {(operations) => <Board operations={operations} />}
      </QueryBoundary>
    </>
  );
}

function Board({ operations }: { operations: Operations }): ReactElement {
  const { rates, spool, database, quarantine, killSwitch } = operations;
  return (
    <div className={layout.stack}>
      <Stats>
        <Stat
          label="Serving"
          value={killSwitch ? 'Defaults only' : 'Normally'}
          note={`${percent(rates.fallbackShare, 2)} fallbacks`}
        />
        <Stat
          label="Decisions per minute"
          value={decimal(rates.decisionsPerMinute)}
          note="over the last minutes"
        />
        <Stat label="Events per minute" value={decimal(rates.eventsPerMinute)} note="accepted" />
        <Stat
          label="Spool"
          value={count(spool.pending)}
          note={
            spool.pending === 0 ? 'nothing waits to be shipped' : `oldest ${duration(spool.oldestAgeSeconds)}`
          }
        />
        <Stat
          label="Quarantine"
          value={count(quarantine.count)}
          note={quarantine.count === 0 ? 'no refused event' : 'events need a look'}
        />
        <Stat
          label="Database"
          value={database.ok ? 'Answers' : 'Does not answer'}
          note={database.sizeBytes === null ? 'size not known' : bytes(database.sizeBytes)}
        />
      </Stats>
      <Alarms />
      <Queues queues={operations.queues} />
      <Quarantine count={compact(quarantine.count)} />
      <div className={layout.split}>
        <SnapshotAges policies={operations.policies} />
        <Processes processes={operations.processes} />
      </div>
    </div>
  );
}
