import { Alert, Select } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { segment } from '../../api/http.js';
import type { MemberProfile, UsedItem } from '../../api/members.js';
import { count, humanise, json, percent, plural, significant } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Facts, Stat, Stats, When } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { StateMessage } from '../../ui/state-message.js';
import { ConsentsPanel } from './consents-panel.js';
import { MixChart } from './mix-chart.js';
import { NextVisit } from './next-visit.js';

type Believed = MemberProfile['believed'][number];

const SOURCES = {
  request: 'as the newest request sent it',
  outcomes: 'from stored outcomes',
  none: 'nothing is known',
} as const;

interface MemberViewProps {
  profile: MemberProfile;
  setFeature: (feature: string | null) => void;
}

export function MemberView({ profile, setFeature }: MemberViewProps): ReactElement {
  const { history, newestRequest, believed, personalised } = profile;
  return (
    <div className={layout.stack}>
      <Stats>
        <Stat
          label="Items in the history"
          value={count(history.items.length)}
          note={SOURCES[history.source]}
        />
        <Stat
          label="Last used"
          value={<When at={history.items[0]?.at} />}
          note={history.items[0]?.title ?? ''}
        />
        <Stat
          label="Newest request"
          value={<When at={newestRequest?.at} />}
          note="as far back as decisions are kept"
        />
      </Stats>
      {personalised ? null : (
        <Alert color="blue" variant="light" title="No policy may know this member">
          Nothing is computed on their behalf. Policies answer as for somebody new.
        </Alert>
      )}
      {personalised && profile.erasedAt === null ? <NextVisit id={profile.unitId} /> : null}
      {believed.map((one) => (
        <BelievedPanel key={one.policy.id} believed={one} />
      ))}
      <Mix profile={profile} setFeature={setFeature} />
      <Panel title="History" note="Newest first: what policies see." flush>
        {history.items.length === 0 ? (
          <StateMessage title="Nothing yet">No outcome of this member names an item.</StateMessage>
        ) : (
          <DataTable
            caption="History"
            columns={HISTORY}
            rows={history.items}
            rowKey={({ id }) => id}
            step={20}
            dense
          />
        )}
      </Panel>
      {profile.erasedAt === null ? <ConsentsPanel profile={profile} /> : null}
      {newestRequest === null ? null : (
        <Panel title="Context of the newest request">
          <Facts
            columns
            facts={Object.entries(newestRequest.context)
              .filter(([name]) => name !== 'history')
              .map(([label, value]) => ({ label, value: json(value) }))}
          />
        </Panel>
      )}
    </div>
  );
}

const link = (id: string, title: string): ReactElement => (
  <Link className="mq-link" to={`/catalogue/${segment(id)}`}>
    {title}
  </Link>
);

const HISTORY: Column<UsedItem>[] = [
  { key: 'title', title: 'Item', cell: ({ id, title }) => link(id, title) },
  { key: 'at', title: 'When', cell: ({ at }) => (at === null ? 'not stored' : <When at={at} />) },
  {
    key: 'outcome',
    title: 'By',
    cell: ({ outcome }) => (outcome === null ? 'the request' : humanise(outcome)),
  },
];

const BELIEVED: Column<Believed['items'][number]>[] = [
  { key: 'title', title: 'Title', cell: ({ id, title }) => link(id, title) },
  { key: 'score', title: 'Score', align: 'right', cell: ({ score }) => significant(score) },
  {
    key: 'because',
    title: 'Because they used',
    cell: ({ because }) =>
      because.length === 0 ? (
        <span className="mq-muted">nothing in the history raises it</span>
      ) : (
        because.map(({ title, share }) => `${title} (${percent(share, 0)})`).join(', ')
      ),
  },
];

function BelievedPanel({ believed }: { believed: Believed }): ReactElement {
  const { policy, items, error, candidates } = believed;
  return (
    <Panel
      title={`Best titles by ${policy.title}`}
      note={`Snapshot ${policy.version}, of ${plural(candidates, 'candidate')}, without what was used. A reason is an item without which the score would be lower, with its part of all such falls.`}
      flush
    >
      {error !== null || items.length === 0 ? (
        <StateMessage icon="info" title="No titles">
          {error ?? 'There is no candidate that was not used.'}
        </StateMessage>
      ) : (
        <DataTable
          caption={`Best titles by ${policy.title}`}
          columns={BELIEVED}
          rows={items}
          rowKey={({ id }) => id}
          dense
        />
      )}
    </Panel>
  );
}

function Mix({ profile, setFeature }: MemberViewProps): ReactElement {
  const names = [...new Set(profile.history.items.flatMap(({ features }) => Object.keys(features)))];
  return (
    <Panel
      title={`Mix of ${profile.feature}`}
      actions={
        <Select
          aria-label="Feature"
          w={160}
          size="xs"
          allowDeselect={false}
          data={names.includes(profile.feature) ? names : [profile.feature, ...names]}
          value={profile.feature}
          onChange={setFeature}
        />
      }
    >
      {profile.mix.length === 0 ? (
        <StateMessage title="No item of the history has this feature" />
      ) : (
        <MixChart mix={profile.mix} feature={profile.feature} />
      )}
    </Panel>
  );
}
