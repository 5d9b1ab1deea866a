import { Button, NumberInput, Select, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { usePolicies } from '../../api/queries.js';
import { useReplay } from '../../api/replays.js';
import type { ReplayQuestion } from '../../api/replays.js';
import type { Policy } from '../../api/types.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { Failed } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlParams } from '../../ui/url-state.js';
import { ReplayResult } from './replay-result.js';

const DAY = 86_400_000;

/** A UTC day of the log; a day that cannot be read counts as today. */
function dayOf(text: string): string {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
  return isDay ? text : new Date().toISOString().slice(0, 10);
}

function versionOf(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** A day of this policy's requests through another policy or snapshot, page by page. */
export function ReplayTab({ policy }: { policy: Policy }): ReactElement {
  const [params, set] = useUrlParams();
  const day = dayOf(params.get('day') ?? '');
  const candidate = params.get('candidate') ?? policy.id;
  const version = versionOf(params.get('version') ?? '');
  const from = new Date(`${day}T00:00:00Z`);
  const question: ReplayQuestion = {
    candidate: {
      ...(candidate === policy.id ? {} : { policyId: candidate }),
      ...(version === null ? {} : { version }),
    },
    from: from.toISOString(),
    to: new Date(from.getTime() + DAY).toISOString(),
  };
  return (
    <Panel
      title="Replay a day"
      note="Every request of the day, answered again by a candidate with the same seed. Nothing is served or learned."
    >
      <Choice
        key={`${candidate} ${version ?? ''} ${day}`}
        policy={policy}
        candidate={candidate}
        version={version}
        day={day}
        choose={(next) => {
          set('day', next.day);
          set('candidate', next.candidate === policy.id ? null : next.candidate);
          set('version', next.version === null ? null : String(next.version));
        }}
      />
      <Pages policy={policy} question={question} />
    </Panel>
  );
}

interface Chosen {
  candidate: string;
  version: number | null;
  day: string;
}

function Choice(props: Chosen & { policy: Policy; choose: (next: Chosen) => void }): ReactElement {
  const policies = usePolicies();
  const [candidate, setCandidate] = useState(props.candidate);
  const [version, setVersion] = useState<string | number>(props.version ?? '');
  const [day, setDay] = useState(props.day);
  return (
    <form
      className={layout.toolbar}
      aria-label="What to replay"
      onSubmit={(event) => {
        event.preventDefault();
        props.choose({ candidate, version: typeof version === 'number' ? version : null, day });
      }}
    >
      <Select
        label="Candidate"
        w={270}
        allowDeselect={false}
        data={(policies.data?.items ?? [props.policy]).map(({ id, title }) => ({
          value: id,
          label: id === props.policy.id ? `${title} (this policy)` : title,
        }))}
        value={candidate}
        onChange={(id) => setCandidate(id ?? props.policy.id)}
      />
      <NumberInput
        label="Snapshot"
        w={150}
        min={0}
        allowDecimal={false}
        placeholder={candidate === props.policy.id ? 'as it served' : 'serving'}
        value={version}
        onChange={setVersion}
      />
      <TextInput
        label="Day (UTC)"
        type="date"
        w={160}
        value={day}
        onChange={(event) => setDay(event.currentTarget.value)}
      />
      <Button type="submit">Replay</Button>
    </form>
  );
}

function Pages({ policy, question }: { policy: Policy; question: ReplayQuestion }): ReactElement {
  const query = useReplay(policy.id, question);
  const last = query.data?.pages.at(-1);
  if (last === undefined) {
    return query.isError ? (
      <Failed error={query.error} what="replay" retry={() => void query.refetch()} />
    ) : (
      <StateMessage icon="clock" role="status" title="Replaying">
        The first thousand decisions of the day.
      </StateMessage>
    );
  }
  if (last.totals.decisions === 0 && last.totals.skipped.length === 0) {
    return (
      <StateMessage icon="policies" title="No decision on this day">
        This policy answered nothing on this day, or its log is no longer kept.
      </StateMessage>
    );
  }
  return (
    <>
      <ReplayResult last={last} items={query.data?.pages.flatMap((page) => page.items) ?? []} />
      {query.isFetchNextPageError ? (
        <Failed error={query.error} what="next page" retry={() => void query.fetchNextPage()} />
      ) : null}
      {query.hasNextPage ? (
        <Button
          mt="sm"
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Replay the next thousand
        </Button>
      ) : null}
    </>
  );
}
