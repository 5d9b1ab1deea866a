import type { ReactElement } from 'react';
import type { Json } from '../../api/types.js';
import { json } from '../../format/index.js';
import { Facts } from '../../ui/details.js';
import { Panel } from '../../ui/panel.js';
import { StateMessage } from '../../ui/state-message.js';

/** The attributes that a preview was asked with. */
export function ContextPanel({ context }: { context: Readonly<Record<string, Json>> }): ReactElement {
  return (
    <Panel title="Context">
      {Object.keys(context).length === 0 ? (
        <StateMessage title="No attributes were given" />
      ) : (
        <Facts
          columns
          facts={Object.entries(context).map(([label, value]) => ({ label, value: json(value) }))}
        />
      )}
    </Panel>
  );
}
