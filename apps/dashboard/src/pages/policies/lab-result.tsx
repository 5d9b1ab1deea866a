import type { ReactElement } from 'react';
import { isOfSlates } from '../../api/off-policy.js';
import type { GateAnswer, OffPolicyDetail } from '../../api/off-policy.js';
import type { Policy } from '../../api/types.js';
import { count, dateTime, decimal, percent } from '../../format/index.js';
import { CheckList } from '../../ui/check-list.js';
import { Stat, Stats } from '../../ui/details.js';
import { Panel } from '../../ui/panel.js';
import { Pill } from '../../ui/status.js';
import { candidateName } from './candidate-name.js';
import { CreateCandidate } from './lab-create.js';
import { LabForest } from './lab-forest.js';
import { LabSlots } from './lab-slots.js';
import styles from './policies.module.css';

const ANSWERS: Record<
  GateAnswer,
  { tone: 'good' | 'bad' | 'plain'; icon: 'check' | 'cross' | 'info'; label: string }
> = {
  yes: { tone: 'good', icon: 'check', label: 'Yes' },
  no: { tone: 'bad', icon: 'cross', label: 'No' },
  'not-enough-evidence': { tone: 'plain', icon: 'info', label: 'Not enough evidence' },
};

export function AnswerPill({ answer }: { answer: GateAnswer }): ReactElement {
  return <Pill {...ANSWERS[answer]} />;
}

/** The verdict first, then why, then the numbers. */
export function LabResult({ policy, run }: { policy: Policy; run: OffPolicyDetail }): ReactElement {
  const one = isOfSlates(run) ? 'slate' : 'decision';
  return (
    <>
      <Panel
        title={`May ${candidateName(run)} take traffic?`}
        note={run.gate.prose}
        actions={<AnswerPill answer={run.answer} />}
      >
        <CheckList
          items={run.gate.clauses.map(({ title, prose, holds }) => ({
            text: `${title}: ${prose}`,
            holds,
            needed: true,
          }))}
        />
        <p className={styles.note}>{logSentence(run)}</p>
        {run.candidate.kind === 'params' ? <CreateCandidate policy={policy} run={run} /> : null}
      </Panel>
      <Panel
        title="What it would have earned"
        note={`Mean reward per ${one} by every estimator. They rest on different assumptions; where they agree, trust them.`}
      >
        <LabForest run={run} />
      </Panel>
      <Diagnostics run={run} />
      {run.result.diagnostics.slots === undefined ? null : <LabSlots run={run} />}
    </>
  );
}

function logSentence(run: OffPolicyDetail): string {
  const { log, diagnostics, features, model } = run.result;
  const parts = [
    `${count(diagnostics.n)} rewarded ${isOfSlates(run) ? 'slates' : 'decisions'} of ${count(diagnostics.clusters)} units from ${dateTime(log.from)} to ${dateTime(log.to)}`,
    log.subject === null ? '' : `about ${log.subject}`,
    log.cut ? `the newest of ${count(log.matching)}` : '',
    log.learnedOn > 0 ? `after learning ${count(log.learnedOn)} older ones` : '',
    log.alreadyLearned > 0 ? `without ${count(log.alreadyLearned)} that it had learned from` : '',
    log.warmStarted ? `${count(log.warmStarted)} of them in its warm start` : '',
    log.incomplete > 0 ? `without ${count(log.incomplete)} whose features are not on record` : '',
    log.otherReward ? `without ${count(log.otherReward)} whose reward has another definition` : '',
    log.explored ? `${count(log.explored)} of the exploration slice apart from what the log earned` : '',
    `reward model ${model.key} in ${model.folds} folds on ${count(features.length)} features`,
  ];
  return `${parts.filter((part) => part !== '').join(', ')}.`;
}

function Diagnostics({ run }: { run: OffPolicyDetail }): ReactElement {
  const { actions, diagnostics: d } = run.result;
  const { support, worstAction: worst } = d;
  const things = isOfSlates(run) ? 'slates' : 'decisions';
  return (
    <Panel
      title="How much the log can say"
      note="Weights turn the log into what the candidate would have played."
    >
      <Stats>
        <Stat
          label="Effective sample"
          value={count(Math.round(d.effectiveSampleSize))}
          note={`${percent(d.effectiveShare)} of ${count(d.n)} ${things}`}
        />
        <Stat
          label="Largest weight"
          value={decimal(d.largestWeight, 2)}
          note={`the top 1% hold ${percent(d.topPercentShare)}`}
        />
        <Stat
          label="Mean weight"
          value={decimal(d.meanWeight, 3)}
          note={
            d.meanWeightZ === null ? 'weights do not vary' : `z = ${decimal(d.meanWeightZ, 2)}, 1 is expected`
          }
        />
        <Stat
          label={`Unsupported ${things}`}
          value={support.kind === 'unknown' ? 'unknown' : count(support.violations)}
          note={`${percent(support.unsupportedMass)} of its plays`}
        />
        <Stat
          label="Clipped mass"
          value={percent(d.clippedMass)}
          note={`of the weight is above ${count(d.clipLimit)}`}
        />
        <Stat
          label="Action furthest off"
          value={worst === null ? '—' : (actions[worst.action] ?? `place ${worst.action + 1}`)}
          note={
            worst === null
              ? 'no action varies'
              : `${worst.slot === undefined ? '' : `position ${worst.slot + 1}, `}z = ${decimal(worst.z, 2)}`
          }
        />
      </Stats>
    </Panel>
  );
}
