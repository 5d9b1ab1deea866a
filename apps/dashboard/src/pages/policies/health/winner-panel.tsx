import type { ReactElement } from 'react';
import { useBeliefs } from '../../../api/policy-insights.js';
import type { PolicyWinner } from '../../../api/policy-insights.js';
import { decimal } from '../../../format/index.js';
import { Stat, Stats } from '../../../ui/details.js';
import { Panel } from '../../../ui/panel.js';
import { Pill } from '../../../ui/status.js';
import { useUrlState } from '../../../ui/url-state.js';
import { SubjectField } from '../subject-field.js';

/** Whether the search for the best action has ended; nothing for policies that search for none. */
export function WinnerPanel({ id }: { id: string }): ReactElement | null {
  const [subject, setSubject] = useUrlState('subject');
  const { data } = useBeliefs(id, subject || null);
  if (!data?.winner) return null;
  const titles = new Map(data.items.map((item) => [item.id, item.title]));
  return (
    <Panel
      title="The best action"
      note="A winner is declared once the leader’s evidence against every other action exceeds the threshold. It may be looked at after every reward."
      actions={<SubjectField key={subject} subject={subject} setSubject={setSubject} />}
    >
      <Winner winner={data.winner} title={(action) => titles.get(action) ?? action} />
    </Panel>
  );
}

function Winner({
  winner,
  title,
}: {
  winner: PolicyWinner;
  title: (action: string) => string;
}): ReactElement {
  const { challenger, declared, leader, statistic, threshold } = winner;
  return (
    <Stats>
      <Stat
        label="State"
        value={
          declared ? (
            <Pill tone="good" icon="check" label="Winner declared" />
          ) : (
            <Pill icon="clock" label="Not decided yet" />
          )
        }
        note={declared ? `${title(leader)} is the best` : 'more rewards are needed'}
      />
      <Stat label="Leader" value={title(leader)} note="highest mean so far" />
      <Stat label="Challenger" value={title(challenger)} note="hardest to tell from the leader" />
      <Stat
        label="Evidence"
        value={decimal(statistic, 2)}
        note={`must exceed ${decimal(threshold, 2)} (log likelihood ratio)`}
      />
    </Stats>
  );
}
