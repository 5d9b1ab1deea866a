import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useFeatures } from '../../api/features.js';
import { segment } from '../../api/http.js';
import type { MemberProfile } from '../../api/members.js';
import { useWrite } from '../../api/mutations.js';
import { date } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import { Panel } from '../../ui/panel.js';
import { NotSaved } from '../../ui/not-saved.js';

/** Consents that the member took back; nothing where no feature needs consent. */
export function ConsentsPanel({
  profile: { unitId, withdrawn },
}: {
  profile: MemberProfile;
}): ReactElement | null {
  const features = useFeatures();
  const path = `/v1/units/${segment(unitId)}`;
  const write = useWrite([path]);
  const needing = features.data?.items.filter(({ consent, retired }) => consent && !retired) ?? [];
  if (needing.length === 0) return null;
  const sinceOf = (name: string): string | undefined =>
    withdrawn.find(({ feature }) => feature === name)?.since;
  const set = (name: string): void => {
    const others = withdrawn.map(({ feature }) => feature).filter((feature) => feature !== name);
    const body = { withdrawn: sinceOf(name) === undefined ? [...others, name] : others };
    write.mutate({ path: `${path}/consents`, method: 'PUT', body });
  };
  return (
    <Panel
      title="Consents"
      note="Policies get these where a request says that the member consents. What is withdrawn they never get, and the next training does not see it."
      flush
    >
      <NotSaved title="That did not work" error={write.error} />
      <DataTable
        caption="Consents"
        columns={[
          { key: 'name', title: 'Feature', cell: ({ name }) => <span className="mq-mono">{name}</span> },
          { key: 'description', title: 'What it says', cell: ({ description }) => description },
          {
            key: 'state',
            title: 'Consent',
            cell: ({ name }) => {
              const since = sinceOf(name);
              return since === undefined ? 'as requests say' : `withdrawn since ${date(since)}`;
            },
          },
          {
            key: 'change',
            title: 'Change',
            quiet: true,
            align: 'right',
            cell: ({ name }) => {
              const verb = sinceOf(name) === undefined ? 'Withdraw' : 'Give again';
              return (
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={`${verb} consent to ${name}`}
                  loading={write.isPending}
                  onClick={() => set(name)}
                >
                  {verb}
                </Button>
              );
            },
          },
        ]}
        rows={needing}
        rowKey={({ name }) => name}
        dense
      />
    </Panel>
  );
}
