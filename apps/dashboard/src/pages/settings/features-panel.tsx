import { Button, Group, Select, Stack } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';
import { featurePath, useFeature, useFeatures } from '../../api/features.js';
import type { Feature, FeatureList } from '../../api/features.js';
import { useWrite } from '../../api/mutations.js';
import { count, humanise } from '../../format/index.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Facts, When } from '../../ui/details.js';
import { Icon } from '../../ui/icon.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { Pill } from '../../ui/status.js';
import { FeatureDialog } from './feature-dialog.js';
import type { FeatureDraft } from './feature-dialog.js';
import styles from './settings.module.css';

const columns = (edit: (feature: Feature) => void, retire: (feature: Feature) => void): Column<Feature>[] => [
  {
    key: 'name',
    title: 'Feature',
    cell: ({ name, description }) => (
      <div className={styles.wide}>
        <strong className="mq-mono">{name}</strong>
        <span>{description}</span>
      </div>
    ),
  },
  {
    key: 'kind',
    title: 'Of, kind',
    cell: (feature) => (
      <>
        {feature.entity}, from {feature.source}
        <div className={styles.note}>{kindOf(feature)}</div>
      </>
    ),
  },
  { key: 'told', title: 'Policies get it', cell: (feature) => <Told feature={feature} /> },
  { key: 'readBy', title: 'Read by', cell: (feature) => <Readers feature={feature} most={FIRST} /> },
  {
    key: 'actions',
    title: 'Change',
    quiet: true,
    align: 'right',
    cell: (feature) => (
      <Stack gap={4} align="flex-end">
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`${feature.retired ? 'Use again' : 'Change'} ${feature.name}`}
          onClick={() => edit(feature)}
        >
          {feature.retired ? 'Use again' : 'Change'}
        </Button>
        {feature.retired ? null : (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Retire ${feature.name}`}
            onClick={() => retire(feature)}
          >
            Retire
          </Button>
        )}
      </Stack>
    ),
  },
];

function kindOf({ kind, unit, range }: Feature): string {
  const [from, to] = range ?? [null, null];
  const span = from === null && to === null ? '' : `, ${from ?? '…'} to ${to ?? '…'}`;
  return `${humanise(kind)}${span}${unit === null ? '' : ` ${unit}`}`;
}

function Told({ feature: { retired, sensitive, consent } }: { feature: Feature }): ReactElement {
  if (retired) return <Pill icon="archive" label="Never: retired" />;
  if (sensitive) return <Pill tone="bad" icon="shield" label="Never: sensitive" />;
  return consent ? <Pill icon="info" label="With consent" /> : <Pill icon="check" label="Yes" />;
}

/** Readers that a row names; all of them stand in what it opens to. */
const FIRST = 3;

function Readers({ feature: { readBy, sensitive }, most }: { feature: Feature; most: number }): ReactElement {
  if (readBy.length === 0) return <>{sensitive ? 'audit of fairness only' : 'nobody'}</>;
  return (
    <div className={styles.readers}>
      {readBy.slice(0, most).map(({ id, title, how }, i) => (
        <span key={id}>
          {i === 0 ? '' : ', '}
          <Link className="mq-link" to={`/policies/${id}`}>
            {title}
          </Link>
          {how === 'named' ? ' (by name)' : ''}
        </span>
      ))}
      {readBy.length > most ? ` and ${readBy.length - most} more` : ''}
    </div>
  );
}

/** What a row opens to: every change, the newest first. */
function History({ feature }: { feature: Feature }): ReactElement {
  return (
    <QueryBoundary query={useFeature(feature)} what="history" lines={2}>
      {({ changes }) => (
        <>
          {feature.readBy.length > FIRST ? (
            <Facts facts={[{ label: 'Read by', value: <Readers feature={feature} most={Infinity} /> }]} />
          ) : null}
          <DataTable
            caption={`History of ${feature.name}`}
            columns={[
              { key: 'version', title: 'Schema', align: 'right', cell: ({ version }) => count(version) },
              { key: 'action', title: 'What', cell: ({ action }) => humanise(action) },
              {
                key: 'meaning',
                title: 'What a model notices',
                cell: ({ what }) => (what.length === 0 ? 'nothing' : what.join('; ')),
              },
              { key: 'by', title: 'By', cell: ({ actor }) => actor },
              { key: 'at', title: 'When', cell: ({ at }) => <When at={at} /> },
            ]}
            rows={changes}
            rowKey={({ version }) => String(version)}
            dense
          />
        </>
      )}
    </QueryBoundary>
  );
}

const NEW: FeatureDraft = {
  entity: 'context',
  name: '',
  kind: 'category',
  description: '',
  source: '',
  unit: null,
  range: null,
  consent: false,
  sensitive: false,
};

/** What policies may know: register, change, retire; who reads what, and what nobody registered. */
export function FeaturesPanel(): ReactElement {
  const query = useFeatures();
  const [draft, setDraft] = useState<FeatureDraft | null>(null);
  const [retiring, setRetiring] = useState<Feature | null>(null);
  const version = query.data?.schemaVersion ?? 0;
  return (
    <div className={layout.stack}>
      <Panel
        title="Features"
        note={
          version === 0
            ? 'What policies may know. Nothing is registered, so nothing is kept from them.'
            : `What policies may know. Schema version ${version}; every change raises it.`
        }
        actions={
          <Button size="sm" leftSection={<Icon name="plus" />} onClick={() => setDraft(NEW)}>
            Register a feature
          </Button>
        }
        flush
      >
        <QueryBoundary
          query={query}
          what="features"
          isEmpty={({ items }) => items.length === 0}
          empty={
            <StateMessage title="No feature is registered">
              Register what requests say and titles have, and mark what is sensitive.
            </StateMessage>
          }
        >
          {({ items }) => (
            <DataTable
              caption="Features"
              columns={columns(setDraft, setRetiring)}
              rows={items}
              rowKey={({ entity, name }) => `${entity}.${name}`}
              rowName={({ name }) => `history of ${name}`}
              detail={(feature) => <History feature={feature} />}
            />
          )}
        </QueryBoundary>
      </Panel>
      {query.data === undefined ? null : <Unregistered list={query.data} register={setDraft} />}
      {draft === null ? null : <FeatureDialog draft={draft} close={() => setDraft(null)} />}
      {retiring === null ? null : <RetireDialog feature={retiring} close={() => setRetiring(null)} />}
    </div>
  );
}

function Unregistered({
  list: { found, unregistered },
  register,
}: {
  list: FeatureList;
  register: (draft: FeatureDraft) => void;
}): ReactElement {
  const write = useWrite(['/v1/features']);
  return (
    <Panel title="Not registered" note="In the newest requests and titles." flush={found.length > 0}>
      <Group p={found.length > 0 ? 'md' : 0}>
        <Select
          label="What nobody registered"
          data={[
            { value: 'given', label: 'Policies get it' },
            { value: 'withheld', label: 'Policies do not get it' },
          ]}
          allowDeselect={false}
          value={unregistered}
          disabled={write.isPending}
          onChange={(next) =>
            write.mutate({ path: '/v1/features/settings', method: 'PUT', body: { unregistered: next } })
          }
          error={write.error?.message}
        />
      </Group>
      {found.length === 0 ? null : (
        <DataTable
          caption="Not registered"
          columns={[
            { key: 'name', title: 'Name', cell: ({ name }) => <span className="mq-mono">{name}</span> },
            {
              key: 'entity',
              title: 'Of',
              cell: ({ entity }) => (entity === 'title' ? 'titles' : 'requests'),
            },
            { key: 'seen', title: 'Of the newest 1,000', align: 'right', cell: ({ seen }) => count(seen) },
            {
              key: 'register',
              title: 'Register',
              quiet: true,
              align: 'right',
              cell: ({ entity, name }) => (
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={`Register ${name} of ${entity}`}
                  onClick={() => register({ ...NEW, entity, name })}
                >
                  Register
                </Button>
              ),
            },
          ]}
          rows={found}
          rowKey={({ entity, name }) => `${entity} ${name}`}
          dense
          step={20}
        />
      )}
    </Panel>
  );
}

function RetireDialog({ feature, close }: { feature: Feature; close: () => void }): ReactElement {
  const write = useWrite(['/v1/features']);
  return (
    <ConfirmDialog
      opened
      title={`Retire ${feature.name}?`}
      confirmLabel="Retire"
      danger
      reason="none"
      pending={write.isPending}
      error={write.error}
      onConfirm={() => write.mutate({ path: featurePath(feature), method: 'DELETE' }, { onSuccess: close })}
      onClose={close}
    >
      Policies do not get it any more. Models that read it are marked until they are trained again. Its
      history stays.
    </ConfirmDialog>
  );
}
