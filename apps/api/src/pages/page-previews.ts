import { Inject, Injectable } from '@nestjs/common';
import type { Context } from '#experiments';
import { composePage, limitContext } from '#policies';
import type { PageLevel } from '#policies';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { auditLook } from '../members/look.js';
import { NO_HISTORY, historyOf, newestRequestOf, withHistory } from '../members/member.js';
import type { History, NewestRequest } from '../members/member.js';
import { personalisationOf } from '../members/personalisation.js';
import { Database } from '../persistence/database.js';
import { readGuard } from '../persistence/feature-guard.js';
import { pick } from '../persistence/feature-rules.js';
import type { Transaction } from '../persistence/database.js';
import { findPolicyRow } from '../policies/policy-row.js';
import { PolicySource } from '../replays/policy-source.js';
import type { Answering } from '../serving/answering.js';
import type { ServingCatalog } from '../serving/catalog-data.js';
import { ExperimentCatalog } from '../serving/experiment-catalog.js';
import { findPage, pageOf, refuseFaults } from './pages.service.js';
import type { PageView } from './pages.service.js';
import type { PageSideBody, PreviewPageBody } from './page.schemas.js';
import { comparePages } from './compare-pages.js';
import type { PageComparison } from './compare-pages.js';
import { LEVELS, PreviewAsking } from './preview-asking.js';
import type { PreviewedRow } from './preview-asking.js';

export interface PreviewedPolicy {
  readonly id: string;
  readonly title: string;
  readonly key: string;
  readonly version: number;
}

export interface PagePreviewSide {
  /** Null: the default order of the surface. */
  readonly policies: Readonly<Record<PageLevel, PreviewedPolicy | null>>;
  /** What the policy of the titles sees of the member's past, the newest first. */
  readonly history: History['items'];
  readonly historySource: History['source'] | 'given';
  readonly rows: readonly PreviewedRow[];
  /** Probability of exactly this page. */
  readonly propensity: number;
  /** Why there is no page; null where there is one. */
  readonly error: string | null;
}

export interface PagePreview {
  readonly page: { readonly key: string; readonly title: string };
  readonly unitId: string | null;
  readonly at: string;
  /** What the policies were asked with, besides the history. */
  readonly context: Context;
  readonly sides: readonly PagePreviewSide[];
  /** Null with fewer than two pages. */
  readonly comparison: PageComparison | null;
}

interface Scene {
  readonly page: PageView;
  readonly body: PreviewPageBody;
  readonly catalog: ServingCatalog;
  readonly known: boolean;
  readonly newest: NewestRequest | null;
  readonly context: Context;
  /** With what no policy is told: hard filters are decided by it. */
  readonly limits: Context;
  readonly at: number;
}

/** A page as a member would get it at some moment, made as serving makes it. Serves nobody and records no decision. */
@Injectable()
export class PagePreviews {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ExperimentCatalog) private readonly experiments: ExperimentCatalog,
  ) {}

  /** @throws Problem 404 for a page, 400 for a policy that is not there or a layout that cannot be. */
  async preview(key: string, body: PreviewPageBody, acting: Acting): Promise<PagePreview> {
    if (body.unitId !== undefined) await auditLook(this.db, acting, 'unit.preview', body.unitId);
    const catalog = this.experiments.current;
    return this.db.transaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read, read only');
      const scene = await sceneOf(tx, await previewedPage(tx, key, body), body, catalog);
      const sides: PagePreviewSide[] = [];
      for (const [i, wanted] of body.sides.entries()) sides.push(await sideOf(tx, scene, wanted, i));
      const context = withHistory(scene.context, { context: {} });
      return {
        page: { key, title: scene.page.title },
        unitId: body.unitId ?? null,
        at: new Date(scene.at).toISOString(),
        context,
        sides,
        comparison: comparePages(sides),
      };
    });
  }
}

/** The page as it is, or as the given layout would make it. */
async function previewedPage(tx: Transaction, key: string, { layout }: PreviewPageBody): Promise<PageView> {
  if (layout === undefined) return pageOf(tx, key);
  await refuseFaults(tx, layout);
  const kept = await findPage(tx, key);
  return { key, title: kept?.title ?? key, revision: kept?.revision ?? 0, layout };
}

async function sceneOf(
  tx: Transaction,
  page: PageView,
  body: PreviewPageBody,
  catalog: ServingCatalog,
): Promise<Scene> {
  const known = body.unitId !== undefined && (await personalisationOf(tx, body.unitId)).personalised;
  const newest = body.unitId === undefined || !known ? null : await newestRequestOf(tx, body.unitId);
  const guard = await readGuard(tx, body.unitId);
  const told = guard.tell(body.context as Context, body.unitId ?? '').context;
  const context = { ...newest?.context, ...told };
  const limits = { ...context, ...(body.context as Context) };
  const at = body.at === undefined ? Date.now() : Date.parse(body.at);
  return { page, body, catalog, known, newest, context, limits, at };
}

interface Level {
  readonly policy: PreviewedPolicy;
  readonly answers: Answering;
  readonly context: Context;
  readonly past: Past;
}

interface Past extends Omit<History, 'source'> {
  readonly source: PagePreviewSide['historySource'];
}

async function sideOf(
  tx: Transaction,
  scene: Scene,
  wanted: PageSideBody,
  index: number,
): Promise<PagePreviewSide> {
  const levels: Partial<Record<PageLevel, Level>> = {};
  const none: PagePreviewSide = {
    policies: { rows: null, titles: null, artwork: null },
    history: [],
    historySource: 'none',
    rows: [],
    propensity: 1,
    error: null,
  };
  try {
    for (const level of LEVELS) {
      const id = wanted[level];
      if (id !== null) levels[level] = await levelOf(tx, scene, id, `/sides/${index}/${level}`);
    }
  } catch (error) {
    if (error instanceof Problem && error.status === 422) return { ...none, error: error.detail };
    throw error;
  }
  const past = levels.titles?.past ?? (await pastOf(tx, scene, null));
  const policies = { ...none.policies };
  for (const level of LEVELS) policies[level] = levels[level]?.policy ?? null;
  const side = { ...none, policies, history: past.items, historySource: past.source };
  return { ...side, ...composed(scene, levels, past) };
}

function composed(
  { page, catalog, body, known, context, limits, at }: Scene,
  levels: Partial<Record<PageLevel, Level>>,
  past: Past,
): Pick<PagePreviewSide, 'rows' | 'propensity'> {
  const asking = new PreviewAsking(catalog, levels, {
    unitId: body.unitId ?? '',
    at,
    seed: body.seed,
    limits,
  });
  const candidates = (surface: string) =>
    catalog.items.candidates(catalog.surfaces.get(surface)?.candidateKind ?? null, null);
  const { order, rows, propensity } = composePage(
    page.layout,
    candidates(page.layout.rows.surface),
    candidates(page.layout.titles.surface),
    {
      unitId: body.unitId ?? '',
      context: withHistory(context, past),
      limits,
      at,
    },
    (question) => asking.answer(question),
    // Somebody nothing is known of may still be given a history.
    known || body.unitId === undefined,
  );
  return { rows: asking.rowsOf(rows, past.items, order), propensity };
}

async function levelOf(tx: Transaction, scene: Scene, id: string, pointer: string): Promise<Level> {
  const row = await findPolicyRow(tx, id);
  if (!row) throw Problem.invalid(pointer, 'unknown_policy', `there is no policy "${id}"`);
  const source = new PolicySource(tx);
  const stored = await source.find(id);
  if (!stored) throw Problem.invalid(pointer, 'unknown_policy', `there is no policy "${id}"`);
  const answers = await source.at(stored, row.serving_version ?? 0);
  const past = await pastOf(tx, scene, row.reward);
  const told = scene.known || scene.body.unitId === undefined;
  const all = withHistory(scene.context, past);
  return {
    policy: { id, title: row.title, key: row.key, version: answers.policy.version },
    answers,
    context: told ? all : limitContext(all, answers.params),
    past,
  };
}

/** A history that is given wins over what is known of the member. */
async function pastOf(
  tx: Transaction,
  { body, known, newest, context }: Scene,
  reward: Parameters<typeof historyOf>[3],
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
