import type { AssignmentStep, Context, Experiment } from '#experiments';
import { policyRegistry } from '#policies';
import { Problem } from '../http/problem.js';
import { answering } from './answering.js';
import { stackOfDecision } from './decision-stack.js';
import type { DecisionStack } from './decision-stack.js';
import { eventViewOf, slateOf, viewOf } from './decision-view.js';
import type { DecisionView, EventView } from './decision-view.js';
import type { DecisionRow, DecisionsStore, RewardRow } from './decisions.store.js';
import { explainPath, sentenceOf } from './explain-decision.js';
import type { PathExplanation, TargetingClause, Titles } from './explain-decision.js';
import { placeIn, placesIn } from './examine-decision.js';
import type { ExaminedCandidate, ExaminedDecision, Places } from './examine-decision.js';
import type { ExperimentCatalog } from './experiment-catalog.js';
import { replayDecision, requestOf } from './replay-decision.js';
import type { Replay, Replayed } from './replay-decision.js';
import { slateLawOf } from './slate-law.js';
import type { SlateLaw } from './slate-law.js';
import type { SnapshotStore } from './snapshot-store.js';

export interface CandidateDetail {
  readonly id: string;
  readonly title: string;
  readonly features: Context;
  /** As it was logged. */
  readonly probability: number | null;
  readonly chosen: boolean;
  readonly position: number | null;
  /** The rest as the same policy in the same version computes it again; null where it cannot. */
  readonly score: number | null;
  readonly mean: number | null;
  readonly sd: number | null;
  readonly own: number | null;
  readonly explored: number | null;
  readonly eligible: boolean | null;
  readonly limitedBy: readonly string[];
  /** Of what was chosen: its probability in its place, given those before it; as it was logged. */
  readonly propensity: number | null;
}

export type RewardView =
  | { readonly value: number; readonly settledAt: string; readonly version: number | null }
  | { readonly pendingUntil: string };

export interface DecisionDetail extends DecisionView, DecisionStack {
  readonly path: readonly AssignmentStep[];
  /** Why the path may not be the one taken then; null when walking it again leads to the same arm. */
  readonly pathNote: string | null;
  readonly targeting: readonly TargetingClause[];
  readonly candidatesDetail: readonly CandidateDetail[];
  readonly sentence: string;
  readonly outcomes: readonly EventView[];
  readonly reward: RewardView | null;
  readonly replay: Replay | null;
  /** Probabilities of a slate place by place; null for other kinds, and where it cannot be asked for again as it was. */
  readonly slateLaw: SlateLaw | null;
}

type Items = Awaited<ReturnType<DecisionsStore['items']>>;

/** Answers "why did this member see this?" for one decision. */
export class DecisionInspector {
  constructor(
    private readonly decisions: DecisionsStore,
    private readonly snapshots: SnapshotStore,
    private readonly catalog: ExperimentCatalog,
  ) {}

  /** @throws Problem 404. */
  async inspect(id: string): Promise<DecisionDetail> {
    const row = await this.decisions.find(id);
    if (!row) {
      throw new Problem(
        404,
        'not_found',
        `Decision "${id.slice(0, 64)}" does not exist; a new one can be read a second after it was served`,
      );
    }
    const [items, then, events, rewards, stacked] = await Promise.all([
      this.decisions.items(row.subject === null ? row.candidates : [...row.candidates, row.subject]),
      row.experiment === null ? null : this.decisions.phase(row.experiment, row.phase ?? 0),
      this.decisions.eventsOf(row),
      this.decisions.rewardsOf(row.id),
      stackOfDecision(this.decisions, row),
    ]);
    const explained = explainPath(row, this.catalog.current.config, then);
    const replayed = await this.replay(row, explained, items);
    return {
      ...viewOf(row),
      ...stacked,
      path: explained.path,
      pathNote: explained.note,
      targeting: explained.targeting,
      candidatesDetail: candidatesOf(row, items, replayed?.examined ?? null),
      sentence: sentenceOf(row, titlesFor(row, then, items)),
      outcomes: events.map(eventViewOf),
      reward: rewardOf(rewards.rows, rewards.dueAt),
      replay: replayed?.replay ?? null,
      slateLaw: replayed?.replay.identical ? await this.slateLaw(row, items) : null,
    };
  }

  private async slateLaw(row: DecisionRow, items: Items): Promise<SlateLaw | null> {
    const config = row.policy_id === null ? undefined : this.catalog.current.policies.get(row.policy_id);
    if (row.kind !== 'slate' || !config) return null;
    const snapshot = row.policy_version ? await this.snapshots.read(config.id, row.policy_version) : null;
    const ids = slateOf(row.chosen).map(({ id }) => id);
    return slateLawOf(answering(config, snapshot, { slice: row.slice }), requestOf(row, items), ids);
  }

  /** Draws again where a policy drew; walks the assignment again where an arm or a holdout decided alone. */
  private async replay(row: DecisionRow, explained: PathExplanation, items: Items): Promise<Replayed | null> {
    if (row.fallback !== null) {
      return {
        replay: { identical: false, detail: `Nothing was drawn: the default was served (${row.fallback}).` },
        examined: null,
      };
    }
    if (row.policy_id === null || row.policy_version === null) {
      const detail = explained.same
        ? 'Nothing was drawn: the same unit, context and configuration lead to the same arm.'
        : 'Nothing was drawn, and the configuration has changed since.';
      return { replay: { identical: explained.same, detail }, examined: null };
    }
    const snapshot =
      row.policy_version === 0 ? null : await this.snapshots.read(row.policy_id, row.policy_version);
    const config = this.catalog.current.policies.get(row.policy_id) ?? null;
    return replayDecision(row, { config, snapshot, items });
  }
}

function titlesFor(row: DecisionRow, then: Experiment | null, items: Items): Titles {
  const policy = row.policy_key === null ? undefined : policyRegistry.find(row.policy_key);
  return {
    experiment: then?.title ?? null,
    policy: policy?.title ?? null,
    item: (id) => items.get(id)?.title ?? id,
  };
}

/** Where each served candidate stands, and how probable it was there. */
const placesOf = (row: DecisionRow): Places => placesIn(row.kind, row.chosen, row.propensity);

function candidatesOf(row: DecisionRow, items: Items, examined: ExaminedDecision | null): CandidateDetail[] {
  const places = placesOf(row);
  return row.candidates.map((id, index) => {
    const place = places.get(id);
    const { title, features } = items.get(id) ?? { title: id, features: {} };
    return {
      id,
      title,
      features: row.features?.[id] ?? features,
      probability: row.probabilities?.[index] ?? place?.propensity ?? null,
      ...placeIn(places, id),
      ...partsOf(examined?.candidates[index]),
    };
  });
}

type Parts = Pick<CandidateDetail, 'score' | 'mean' | 'sd' | 'own' | 'explored' | 'eligible' | 'limitedBy'>;

function partsOf(found: ExaminedCandidate | undefined): Parts {
  if (!found)
    return { score: null, mean: null, sd: null, own: null, explored: null, eligible: null, limitedBy: [] };
  const { score, mean, sd, own, explored, eligible, limitedBy } = found;
  return { score, mean, sd, own, explored, eligible, limitedBy };
}

/** The positions of a slate add up. */
function rewardOf(rows: readonly RewardRow[], dueAt: Date | null): RewardView | null {
  const [first] = rows;
  if (first) {
    const learnedIn = Math.max(...rows.map((row) => row.version));
    return {
      value: rows.reduce((sum, row) => sum + row.reward, 0),
      settledAt: first.settled_at.toISOString(),
      version: learnedIn > 0 ? learnedIn : null,
    };
  }
  return dueAt ? { pendingUntil: dueAt.toISOString() } : null;
}
