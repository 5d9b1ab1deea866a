import { Inject, Injectable } from '@nestjs/common';
import type { Context, SurfaceKind } from '#experiments';
import { Problem } from '../http/problem.js';
import type { Acting } from '../http/acting.js';
import { Database } from '../persistence/database.js';
import { readGuard } from '../persistence/feature-guard.js';
import { pick } from '../persistence/feature-rules.js';
import type { Transaction } from '../persistence/database.js';
import { findPolicyRow } from '../policies/policy-row.js';
import type { PolicyRow } from '../policies/policy-row.js';
import { PolicySource } from '../replays/policy-source.js';
import { rankedOf } from '../serving/deal.js';
import { examineDecision } from '../serving/examine-decision.js';
import type { ExaminedCandidate, ExaminedDecision } from '../serving/examine-decision.js';
import { candidatesOf } from './candidates.js';
import type { Candidate } from './candidates.js';
import { auditLook } from './look.js';
import { NO_HISTORY, historyOf, newestRequestOf, withHistory } from './member.js';
import type { History, NewestRequest } from './member.js';
import type { PreviewBody } from './member.schemas.js';
import { personalisationOf } from './personalisation.js';

export interface PreviewItem {
  readonly id: string;
  readonly title: string;
  readonly features: Context;
  /** From 0. */
  readonly position: number;
  readonly score: number | null;
  /** Probability to stand first. */
  readonly probability: number;
  /** Probability to stand here, given those before it. */
  readonly propensity: number | null;
}

export interface PreviewSide {
  readonly policy: {
    readonly id: string;
    readonly title: string;
    readonly key: string;
    readonly version: number;
  };
  readonly historySource: History['source'] | 'given';
  readonly history: History['items'];
  readonly items: readonly PreviewItem[];
  /** Why there are no items; null where there are. */
  readonly error: string | null;
}

export interface Preview {
  readonly surface: { readonly key: string; readonly title: string; readonly kind: SurfaceKind };
  readonly subject: string | null;
  readonly unitId: string | null;
  readonly at: string;
  /** What the policies were asked with, besides the history. */
  readonly context: Context;
  readonly candidates: number;
  readonly sides: readonly PreviewSide[];
  /** Null with fewer than two answers. */
  readonly comparison: {
    readonly common: number;
    readonly overlap: number;
    readonly samePlace: number;
  } | null;
}

interface SurfaceRow {
  readonly key: string;
  readonly title: string;
  readonly kind: SurfaceKind;
  readonly candidate_kind: string | null;
}

interface Scene {
  readonly body: PreviewBody;
  readonly surface: SurfaceRow & { readonly kind: 'action' | 'slate' };
  readonly candidates: readonly Candidate[];
  /** False for nobody in particular, and for a member who asked not to be known. */
  readonly known: boolean;
  readonly newest: NewestRequest | null;
  readonly context: Context;
  /** With what no policy is told: hard limits are decided by it. */
  readonly said: Context;
  readonly at: number;
}

/** What a member would get at some moment, by one policy beside another. Serves nobody and records no decision. */
@Injectable()
export class Previews {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** @throws Problem 400 for a surface, or a policy, that is not there or chooses from nothing. */
  async preview(body: PreviewBody, acting: Acting): Promise<Preview> {
    if (body.unitId !== undefined) await auditLook(this.db, acting, 'unit.preview', body.unitId);
    return this.db.transaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read, read only');
      const scene = await sceneOf(tx, body);
      const sides: PreviewSide[] = [];
      for (const [i, wanted] of body.policies.entries()) sides.push(await sideOf(tx, scene, wanted, i));
      const context = withHistory(scene.context, { context: {} });
      return {
        surface: { key: scene.surface.key, title: scene.surface.title, kind: scene.surface.kind },
        subject: body.subject,
        unitId: body.unitId ?? null,
        at: new Date(scene.at).toISOString(),
        context,
        candidates: scene.candidates.length,
        sides,
        comparison: compared(sides),
      };
    });
  }
}

async function sceneOf(tx: Transaction, body: PreviewBody): Promise<Scene> {
  const surface = await surfaceOf(tx, body.surface);
  const candidates = await candidatesOf(tx, surface.candidate_kind as string, body.subject);
  if (candidates.length === 0) {
    const about = body.subject === null ? 'without a subject' : `of the subject "${body.subject}"`;
    throw Problem.invalid(
      '/subject',
      'no_candidates',
      `there is no available item of the kind "${surface.candidate_kind ?? ''}" ${about}`,
    );
  }
  const known = body.unitId !== undefined && (await personalisationOf(tx, body.unitId)).personalised;
  const newest = body.unitId === undefined || !known ? null : await newestRequestOf(tx, body.unitId);
  const guard = await readGuard(tx, body.unitId);
  const told = guard.tell(body.context as Context, body.unitId ?? '').context;
  return {
    body,
    surface,
    candidates,
    known,
    newest,
    context: { ...newest?.context, ...told },
    said: { ...newest?.context, ...(body.context as Context) },
    at: body.at === undefined ? Date.now() : Date.parse(body.at),
  };
}

async function surfaceOf(tx: Transaction, key: string): Promise<Scene['surface']> {
  const [surface] = await tx.query<SurfaceRow & Record<string, unknown>>(
    'select key, title, kind, candidate_kind from surface where key = $1',
    [key],
  );
  if (!surface) throw Problem.invalid('/surface', 'unknown_surface', `there is no surface "${key}"`);
  const { kind } = surface;
  if (kind === 'value' || surface.candidate_kind === null)
    throw Problem.invalid(
      '/surface',
      'no_candidates',
      `the surface "${key}" has no registered candidates; choose one of kind action or slate that has`,
    );
  return { ...surface, kind };
}

async function sideOf(
  tx: Transaction,
  scene: Scene,
  { policyId, version }: PreviewBody['policies'][number],
  index: number,
): Promise<PreviewSide> {
  const row = await findPolicyRow(tx, policyId);
  if (!row)
    throw Problem.invalid(
      `/policies/${index}/policyId`,
      'unknown_policy',
      `there is no policy "${policyId}"`,
    );
  const past = await pastOf(tx, scene, row.reward);
  const side = {
    policy: { id: row.id, title: row.title, key: row.key, version: version ?? row.serving_version ?? 0 },
    historySource: past.source,
    history: past.items,
  };
  try {
    const examined = await examine(tx, scene, side.policy, past);
    return {
      ...side,
      policy: { ...side.policy, version: examined.policy.version },
      items: placed(scene, examined),
      error: null,
    };
  } catch (error) {
    return { ...side, items: [], error: error instanceof Problem ? error.detail : (error as Error).message };
  }
}

interface Past extends Omit<History, 'source'> {
  readonly source: PreviewSide['historySource'];
}

/** A history that is given wins over what is known of the member. */
async function pastOf(
  tx: Transaction,
  { body, known, newest, context }: Scene,
  reward: PolicyRow['reward'],
): Promise<Past> {
  const given = context['history'];
  if (Array.isArray(body.context['history']) && Array.isArray(given)) {
    const sent = pick(context, Object.keys(body.context));
    const past = await historyOf(tx, body.unitId ?? '', { context: sent }, reward);
    return given.length === 0 ? { ...NO_HISTORY, source: 'given' } : { ...past, source: 'given' };
  }
  if (body.unitId === undefined || !known) return NO_HISTORY;
  return historyOf(tx, body.unitId, newest, reward);
}

async function examine(
  tx: Transaction,
  { body, surface, candidates, context, said, at }: Scene,
  policy: PreviewSide['policy'],
  past: Past,
): Promise<ExaminedDecision> {
  const source = new PolicySource(tx);
  const stored = await source.find(policy.id);
  if (!stored) throw new Error('the policy does not exist any more');
  const answers = await source.at(stored, policy.version);
  const asked = { unitId: body.unitId ?? '', context: withHistory(context, past), subject: body.subject, at };
  const actions = rankedOf(answers.policy, { ...asked, actions: candidates }, said);
  const request = { ...asked, actions };
  if (request.actions.length === 0) throw new Error('the policy finds nothing worth showing');
  return examineDecision(answers, surface.kind, request, body.limit, body.seed).examined;
}

function placed({ candidates }: Scene, { candidates: examined }: ExaminedDecision): PreviewItem[] {
  const known = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  return examined
    .filter((one): one is ExaminedCandidate & { position: number } => one.position !== null)
    .sort((a, b) => a.position - b.position)
    .map(({ id, position, score, probability, propensity }) => ({
      id,
      title: known.get(id)?.title ?? id,
      features: known.get(id)?.features ?? {},
      position,
      score,
      probability,
      propensity,
    }));
}

/** `overlap` is the share of the shorter answer that both have; null unless both answered. */
function compared([first, second]: readonly PreviewSide[]): Preview['comparison'] {
  if (!first || !second || first.error !== null || second.error !== null) return null;
  const places = new Map(first.items.map(({ id, position }) => [id, position]));
  const common = second.items.filter(({ id }) => places.has(id));
  const least = Math.min(first.items.length, second.items.length);
  return {
    common: common.length,
    overlap: least === 0 ? 0 : common.length / least,
    samePlace: common.filter(({ id, position }) => places.get(id) === position).length,
  };
}
