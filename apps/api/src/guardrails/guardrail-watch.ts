import { Inject, Injectable } from '@nestjs/common';
import { GUARD_ACTIONS, judgeGuardrails, strongestAction } from '#metrics';
import type { GuardAction, GuardFinding } from '#metrics';
import { recordChange } from '../access/record-change.js';
import { ExperimentStore } from '../experiments/experiment-store.js';
import type { StoredExperiment } from '../experiments/experiment.mapper.js';
import { ExperimentsService } from '../experiments/experiments.service.js';
import type { Acting } from '../http/acting.js';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';
import { GuardrailEvidence } from './guardrail-evidence.js';
import { isQuiet, readBreaches, readPlan, writeBreach, writeCheck } from './guardrail-store.js';
import type { Breach, BreachDone } from './guardrail-store.js';

const ACTING: Acting = { actor: 'system: guardrail', requestId: '' };

/** What a look at one experiment led to. */
export interface Acted {
  readonly experiment: string;
  readonly done: BreachDone | 'failed';
  readonly why: string;
}

/** Looks at every running experiment, and does what its plan says about a breach. */
@Injectable()
export class GuardrailWatch {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ExperimentStore) private readonly store: ExperimentStore,
    @Inject(ExperimentsService) private readonly experiments: ExperimentsService,
    @Inject(GuardrailEvidence) private readonly evidence: GuardrailEvidence,
  ) {}

  /** One experiment after the other; one that fails keeps no other from its turn. */
  async run(now: Date): Promise<Acted[]> {
    const rows = await this.db.query<{ key: string }>(
      `select key from experiment where status = 'running' order by key`,
    );
    const acted: Acted[] = [];
    for (const { key } of rows) {
      try {
        const one = await this.look(key, now);
        if (one) acted.push(one);
      } catch (error) {
        acted.push({ experiment: key, done: 'failed', why: (error as Error).message });
      }
    }
    return acted;
  }

  /** @returns null where nothing new was found. */
  private async look(key: string, now: Date): Promise<Acted | null> {
    const began = performance.now();
    const { plan } = await readPlan(this.db, key);
    const { phase, clusterBy, unitType } = await this.store.get(key);
    const clustered = (clusterBy ?? unitType) !== unitType;
    const evidence = await this.evidence.gather(key, plan, now, clustered);
    if (!evidence) return null;
    const findings = judgeGuardrails(plan, evidence);
    const breaches = findings.filter(({ status }) => status === 'breach');
    const acted =
      breaches.length === 0 ? null : await this.db.transaction((tx) => this.act(tx, key, phase, breaches));
    const tookMs = Math.round(performance.now() - began);
    await writeCheck(this.db, key, { checkedAt: now, tookMs, state: stateOf(findings), findings });
    return acted;
  }

  private async act(
    tx: Transaction,
    key: string,
    phase: number,
    breaches: readonly GuardFinding[],
  ): Promise<Acted | null> {
    const experiment = await this.store.lock(tx, key);
    // Somebody was faster, or the evidence is of an allocation that is over.
    if (experiment.status !== 'running' || experiment.phase !== phase) return null;
    const known = (await readBreaches(tx, key)).filter((breach) => breach.phase === phase);
    const fresh = breaches.filter((finding) => isNew(finding, known));
    if (fresh.length === 0) return null;
    const action = strongestAction(fresh.map((finding) => finding.action));
    const done = await this.carryOut(tx, experiment, action);
    const at = new Date(await this.store.now(tx));
    for (const finding of fresh) await writeBreach(tx, { experiment: key, phase, finding, done, at });
    const why = fresh.map(({ detail }) => detail).join(' ');
    await recordChange(tx, ACTING, {
      action: 'guardrail.breach',
      entity: 'guardrail',
      entityKey: key,
      after: {
        done,
        phase,
        breaches: fresh.map(({ watch, key: name, arm, detail }) => ({ watch, key: name, arm, detail })),
      },
    });
    return { experiment: key, done, why };
  }

  private async carryOut(
    tx: Transaction,
    experiment: StoredExperiment,
    action: GuardAction,
  ): Promise<BreachDone> {
    if (action !== 'pause' && action !== 'control') return 'alerted';
    const control = experiment.arms.find(({ isControl }) => isControl)?.key;
    const arm = action === 'control' && control !== undefined ? { arm: control } : {};
    await this.experiments.actIn(tx, experiment, 'pause', arm, ACTING);
    return 'arm' in arm ? 'control' : 'paused';
  }
}

/** What was taken back stays quiet until somebody watches again; what only alerted acts once the plan asks for more. */
function isNew({ watch, key, arm, action }: GuardFinding, known: readonly Breach[]): boolean {
  const same = known.find((breach) => breach.watch === watch && breach.key === key && breach.arm === arm);
  if (!same) return true;
  if (same.takenBackAt !== null) return !isQuiet(same);
  return GUARD_ACTIONS.indexOf(action) > GUARD_ACTIONS.indexOf(same.action);
}

function stateOf(findings: readonly GuardFinding[]): GuardFinding['status'] {
  if (findings.some(({ status }) => status === 'breach')) return 'breach';
  return findings.some(({ status }) => status === 'fine') ? 'fine' : 'waiting';
}
