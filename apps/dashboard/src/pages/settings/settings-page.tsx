import type { ReactElement } from 'react';
import { useParams } from 'react-router';
import { useAudit } from '../../api/queries.js';
import { AuditList } from '../../ui/audit-list.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { UrlTabs } from '../../ui/url-tabs.js';
import { ApprovalSettingPanel } from './approval-panel.js';
import { FeaturesPanel } from './features-panel.js';
import { KeysPanel } from './keys-panel.js';
import { PagesPanel } from './pages-panel.js';
import { HoldoutsPanel } from './traffic/holdouts-panel.js';
import { LayersPanel } from './traffic/layers-panel.js';
import { SurfacesPanel } from './surfaces-panel.js';
import { WebhooksPanel } from './webhooks-panel.js';

export function SettingsPage(): ReactElement {
  const { tab = '' } = useParams();
  return (
    <>
      <PageHeader title="Settings" />
      <UrlTabs
        base="/settings"
        label="Settings"
        current={tab}
        tabs={[
          { key: '', title: 'API keys', render: () => <KeysPanel /> },
          { key: 'surfaces', title: 'Surfaces', render: () => <Places /> },
          { key: 'features', title: 'Features', render: () => <FeaturesPanel /> },
          { key: 'webhooks', title: 'Webhooks', render: () => <WebhooksPanel /> },
          { key: 'traffic', title: 'Starts, layers, holdouts', render: () => <Traffic /> },
          { key: 'audit', title: 'Audit log', render: () => <AuditPanel /> },
        ]}
      />
    </>
  );
}

function Places(): ReactElement {
  return (
    <div className={layout.stack}>
      <SurfacesPanel />
      <PagesPanel />
    </div>
  );
}

function Traffic(): ReactElement {
  return (
    <div className={layout.stack}>
      <ApprovalSettingPanel />
      <HoldoutsPanel />
      <LayersPanel />
    </div>
  );
}

function AuditPanel(): ReactElement {
  const query = useAudit();
  return (
    <Panel title="Audit log" note="The latest 200 changes: who, what, when, and what it was before." flush>
      <QueryBoundary
        query={query}
        what="audit log"
        lines={8}
        isEmpty={(page) => page.items.length === 0}
        empty={
          <StateMessage icon="clock" title="No change yet">
            Every change by an API key is written here.
          </StateMessage>
        }
      >
        {(page) => <AuditList entries={page.items} />}
      </QueryBoundary>
    </Panel>
  );
}
