import type { ReactElement } from 'react';
import type { ModelCard } from '../../../api/models.js';
import { humanise } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import { Panel } from '../../../ui/panel.js';
import { StateMessage } from '../../../ui/state-message.js';

function noteOf({ schemaVersion, madeUnder }: ModelCard['features']): string {
  if (schemaVersion === 0) return 'Nothing is registered, so nothing is kept from policies.';
  const made =
    madeUnder === null
      ? 'what serves was made before there was one'
      : `what serves was made under ${madeUnder}`;
  return `Schema version ${schemaVersion}; ${made}. Sensitive features are never among them.`;
}

/** Registered features that the policy reads, and which of them have changed since it was made. */
export function FeaturesRead({ card: { features } }: { card: ModelCard }): ReactElement | null {
  const { reads, changed } = features;
  const whatOf = (name: string): string =>
    changed
      .filter((one) => one.name === name)
      .map(({ version, what }) => `schema ${version}: ${what.join('; ')}`)
      .join('. ');
  const gone = changed.filter(({ name }) => !reads.some((one) => one.name === name));
  return (
    <Panel title="What it reads" note={noteOf(features)} flush={reads.length > 0}>
      {reads.length === 0 ? (
        <StateMessage title="No registered feature">
          It reads none of the features that are registered.
        </StateMessage>
      ) : (
        <DataTable
          caption="What it reads"
          columns={[
            { key: 'name', title: 'Feature', cell: ({ name }) => <span className="mq-mono">{name}</span> },
            { key: 'entity', title: 'Of', cell: ({ entity }) => entity },
            { key: 'kind', title: 'Kind', cell: ({ kind }) => humanise(kind) },
            { key: 'description', title: 'What it says', cell: ({ description }) => description },
            {
              key: 'how',
              title: 'How',
              cell: ({ how, consent }) =>
                `${how === 'named' ? 'by name' : 'with all others'}${consent ? ', with consent' : ''}`,
            },
            { key: 'changed', title: 'Changed since', cell: ({ name }) => whatOf(name) || 'no' },
          ]}
          rows={reads}
          rowKey={({ entity, name }) => `${entity}/${name}`}
          dense
        />
      )}
      {gone.length === 0 ? null : (
        <p>Read before, and kept from it now: {gone.map(({ name }) => name).join(', ')}.</p>
      )}
    </Panel>
  );
}
