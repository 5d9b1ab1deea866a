import type { ReactElement } from 'react';
import type { Policy } from '../../../api/types.js';
import layout from '../../../ui/layout.module.css';
import { AuditPanel } from './audit-panel.js';
import { RewardVersionsPanel } from './reward-versions-panel.js';
import { ShadowPanel } from './shadow-panel.js';
import { WinnerPanel } from './winner-panel.js';

/** Whether the policy's log can be trusted, what another policy would have done, and what it is paid for. */
export function HealthTab({ policy }: { policy: Policy }): ReactElement {
  return (
    <div className={layout.stack}>
      <WinnerPanel id={policy.id} />
      <AuditPanel id={policy.id} />
      <ShadowPanel policy={policy} />
      {policy.learns === 'never' ? null : <RewardVersionsPanel policy={policy} />}
    </div>
  );
}
