import type { ReactElement } from 'react';
import { useContacts } from '../../api/messages.js';
import type { Contacts, MessageFate } from '../../api/messages.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import { count, percent } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Stat, Stats } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import styles from '../catalogue/catalogue.module.css';
import { IncrementalityPanel } from './incrementality-panel.js';

const FATES: Record<MessageFate, string> = {
  sent: 'Sent',
  withheld: 'Withheld by lot',
  'not-worth': 'Nothing was worth it',
  capped: 'Capped: enough was sent',
  quiet: 'Quiet hours',
  later: 'Not an hour of the member',
  declined: 'Declined messages',
  failed: 'The policy failed',
};

/** What a policy sent, what kept it from sending, and what sending brings. */
export function MessagesTab({ id }: { id: string }): ReactElement {
  return (
    <div className={layout.stack}>
      <Panel
        title="Messages"
        note="What became of every question whether to send something, over 30 days. The rules are those of now, applied to what was known then."
      >
        <QueryBoundary
          query={useContacts(id)}
          what="messages"
          lines={8}
          isEmpty={(data) => data.decisions === 0}
          empty={<StateMessage icon="clock" title="Nobody has asked in 30 days" />}
        >
          {(data) => <Fates id={id} data={data} />}
        </QueryBoundary>
      </Panel>
      <IncrementalityPanel id={id} />
    </div>
  );
}

function Fates({ id, data }: { id: string; data: Contacts }): ReactElement {
  const of = (...fates: MessageFate[]): number =>
    data.fates.reduce((sum, one) => sum + (fates.includes(one.fate) ? one.decisions : 0), 0);
  const share = (decisions: number): number => decisions / data.decisions;
  const opened = data.messages.reduce((sum, one) => sum + one.opened, 0);
  const sent = of('sent');
  return (
    <>
      <Stats>
        <Stat
          label="Sent"
          value={count(sent)}
          note={sent === 0 ? 'none yet' : `${percent(opened / sent)} opened`}
        />
        <Stat
          label="Kept back by the rules"
          value={count(of('capped', 'quiet', 'later', 'declined'))}
          note={`of ${count(data.decisions)} questions${data.cut ? ', the newest' : ''}`}
        />
        <Stat label="Withheld by lot" value={count(of('withheld'))} note="to measure what sending brings" />
        <Stat label="Most to one member" value={count(data.mostPerUnit)} note="messages" />
      </Stats>
      <ChartFrame
        title={`Messages of ${id}`}
        summary={`${percent(share(sent))} of all questions ended in a message.`}
        headings={{ fate: 'What became of it', decisions: 'Questions', units: 'Members' }}
        rows={data.fates.map(({ fate, decisions, units }) => ({
          id: fate,
          cells: { fate: FATES[fate], decisions, units },
        }))}
        format={(_key, value) => (typeof value === 'number' ? count(value) : (value ?? '—'))}
      >
        <ol className={styles.bars}>
          {data.fates.map(({ fate, decisions }) => (
            <li key={fate} className={styles.bar}>
              <span className={styles.name}>{FATES[fate]}</span>
              <svg
                className={styles.track}
                viewBox="0 0 100 10"
                preserveAspectRatio="none"
                aria-hidden="true"
              >
                <rect width={100 * share(decisions)} height="10" fill="var(--mq-s1)" />
              </svg>
              <span className="mq-figures">{count(decisions)}</span>
            </li>
          ))}
        </ol>
      </ChartFrame>
      {data.messages.length === 0 ? null : (
        <DataTable
          caption="By message"
          columns={MESSAGES}
          rows={data.messages}
          rowKey={(message) => message.id}
          dense
        />
      )}
    </>
  );
}

const MESSAGES: Column<Contacts['messages'][number]>[] = [
  { key: 'id', title: 'Message', cell: (one) => one.title ?? one.id },
  { key: 'sent', title: 'Sent', align: 'right', cell: (one) => count(one.sent) },
  {
    key: 'opened',
    title: 'Opened',
    align: 'right',
    cell: (one) => (one.sent === 0 ? '—' : percent(one.opened / one.sent)),
  },
  { key: 'withheld', title: 'Withheld', align: 'right', cell: (one) => count(one.withheld) },
];
