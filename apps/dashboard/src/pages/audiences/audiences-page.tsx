import type { ReactElement } from 'react';
import { useParams } from 'react-router';
import { PageHeader } from '../../ui/page-header.js';
import { UrlTabs } from '../../ui/url-tabs.js';
import { ListsPanel } from './lists-panel.js';
import { SegmentsPanel } from './segments-panel.js';
import { TestersPanel } from './testers-panel.js';

/** Who experiments are for: saved conditions, lists of units, and testers who see an arm of their choice. */
export function AudiencesPage(): ReactElement {
  const { tab = '' } = useParams();
  return (
    <>
      <PageHeader
        title="Audiences"
        meta="Conditions and lists that experiments share. An experiment keeps the version of a segment that it started with."
      />
      <UrlTabs
        base="/audiences"
        label="Audiences"
        current={tab}
        tabs={[
          { key: '', title: 'Segments', render: () => <SegmentsPanel /> },
          { key: 'lists', title: 'Unit lists', render: () => <ListsPanel /> },
          { key: 'testers', title: 'Testers', render: () => <TestersPanel /> },
        ]}
      />
    </>
  );
}
