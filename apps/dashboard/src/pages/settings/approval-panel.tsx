import { Switch } from '@mantine/core';
import type { ReactElement } from 'react';
import { useApprovalSetting } from '../../api/lifecycle.js';
import { useWrite } from '../../api/mutations.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';

/** Whether a start needs a second person. */
export function ApprovalSettingPanel(): ReactElement {
  const query = useApprovalSetting();
  const write = useWrite(['/v1/settings', '/v1/experiments']);
  return (
    <Panel title="Starts">
      <QueryBoundary query={query} what="setting" lines={1}>
        {({ required }) => (
          <Switch
            label="A second person has to approve every start"
            description="Who asks cannot approve. A change of the design asks again."
            checked={required}
            disabled={write.isPending}
            onChange={(event) =>
              write.mutate({
                path: '/v1/settings/approval',
                method: 'PUT',
                body: { required: event.currentTarget.checked },
              })
            }
          />
        )}
      </QueryBoundary>
      {write.error === null ? null : <p role="alert">{write.error.message}</p>}
    </Panel>
  );
}
