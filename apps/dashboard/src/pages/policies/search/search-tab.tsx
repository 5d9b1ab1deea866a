import type { ReactElement } from 'react';
import type { Policy } from '../../../api/types.js';
import layout from '../../../ui/layout.module.css';
import { SearchesPanel } from './searches-panel.js';
import { TryPanel } from './try-panel.js';

/** What a policy finds for a query, and what members searched for in vain. */
export function SearchTab({ policy }: { policy: Policy }): ReactElement {
  return (
    <div className={layout.stack}>
      <TryPanel policy={policy} />
      <SearchesPanel id={policy.id} />
    </div>
  );
}
