import type { ReactElement } from 'react';
import { useAudit } from '../../api/queries.js';
import type { AuditEntry, Page } from '../../api/types.js';
import { AuditList } from '../../ui/audit-list.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';

/** Entities that are kept under the key of their experiment. */
const ABOUT: ReadonlySet<string> = new Set(['experiment', 'schedule', 'guardrail', 'lifecycle']);

function entriesOf(page: Page<AuditEntry>, key: string): AuditEntry[] {
  return page.items.filter((entry) => ABOUT.has(entry.entity) && entry.entityKey === key);
}

/** Every change of this experiment, with who made it and why. */
export function Activity({ experimentKey }: { experimentKey: string }): ReactElement {
  const query = useAudit();
  return (
    <Panel
      title="Activity"
      note="Changes of this experiment among the latest 200 of the audit log, newest first."
      flush
    >
      <QueryBoundary
        query={query}
        what="audit log"
        isEmpty={(page) => entriesOf(page, experimentKey).length === 0}
        empty={
          <StateMessage icon="clock" title="No recent change">
            Older changes are in the audit log under Settings.
          </StateMessage>
        }
      >
        {(page) => <AuditList entries={entriesOf(page, experimentKey)} />}
      </QueryBoundary>
    </Panel>
  );
}
