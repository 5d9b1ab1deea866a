import { createAssignmentEngine } from '#experiments';
import type {
  AssignmentEngine,
  Context,
  Experiment,
  Holdout,
  Json,
  KeptUnits,
  Layer,
  SavedConditions,
  Surface,
  UnitType,
} from '#experiments';
import type { Action, PageLayout } from '#policies';
import { FeatureGuard } from '../persistence/feature-guard.js';
import type { Withdrawal } from '../persistence/feature-guard.js';
import type { FeatureRules } from '../persistence/feature-rules.js';
import type { Withhold } from '../persistence/withhold.js';

/** A configured policy, as far as serving needs it. */
export interface PolicyConfig {
  readonly id: string;
  /** Key in the policy registry. */
  readonly key: string;
  readonly params: Json;
  readonly exploration: { readonly key: string; readonly params: Json };
  readonly floor: number;
  /** Seconds until a decision's reward is due; null when the policy has no reward definition. */
  readonly rewardWindowSeconds: number | null;
  /** The policy that is asked about every decision of this one without serving; absent: none. */
  readonly shadow?: { readonly policyId: string; readonly version: number | null } | null;
  /** Which share of what it chooses is not shown; absent: none. */
  readonly withhold?: Withhold | null;
  /** Keep this version whatever serves: for shadows that are a version of a policy. Absent: the one that serves. */
  readonly pinned?: number;
}

/** A registered candidate, in the order in which it is offered. */
export interface CatalogItem {
  readonly id: string;
  readonly kind: string;
  readonly subject: string | null;
  readonly title: string;
  readonly features: Context;
  readonly available: boolean;
}

/** A page that clients ask for as a whole. */
export interface PageConfig {
  readonly key: string;
  readonly title: string;
  readonly layout: PageLayout;
}

/** What people design, small: reloaded as a whole. */
export interface CatalogConfig extends SavedConditions {
  /** In order of creation. Those that have ended are left out; what has not begun is there for testers. */
  readonly experiments: readonly Experiment[];
  readonly layers: readonly Layer[];
  readonly holdouts: readonly Holdout[];
  readonly surfaces: readonly Surface[];
  readonly policies: readonly PolicyConfig[];
  /** Every surface serves its default. */
  readonly killSwitch: boolean;
  /** Units that policies may not know; absent: none. */
  readonly notPersonalised?: readonly string[];
  /** Absent: none. */
  readonly pages?: readonly PageConfig[];
  /** What may be told to policies; absent: everything. */
  readonly features?: FeatureRules;
  /** Consents that were taken back; absent: none. */
  readonly withdrawals?: readonly Withdrawal[];
  /** Absent: the built-in ones. */
  readonly unitTypes?: readonly UnitType[];
  /** Signs testers' tokens; never kept on disk. Null: no token was ever given out. */
  readonly testerKey?: string | null;
  /** Units that keep an arm through a change; absent: none. */
  readonly kept?: readonly KeptUnits[];
}

/** Everything a treatment depends on besides learned states. Immutable; replaced as a whole. */
export interface ServingCatalog {
  readonly config: CatalogConfig;
  readonly engine: AssignmentEngine;
  readonly surfaces: ReadonlyMap<string, Surface>;
  readonly policies: ReadonlyMap<string, PolicyConfig>;
  readonly items: ItemIndex;
  readonly killSwitch: boolean;
  readonly notPersonalised: ReadonlySet<string>;
  readonly pages: ReadonlyMap<string, PageConfig>;
  readonly guard: FeatureGuard;
}

/** A candidate as a request names it. */
export interface NamedAction {
  readonly id: string;
  readonly features?: Context;
}

/** Registered items: candidates by kind and subject, and features by id. */
export class ItemIndex {
  private readonly byId = new Map<string, CatalogItem>();
  private readonly actions = new Map<string, Map<string, Action[]>>();
  private readonly lists = new Map<string, (readonly Action[])[]>();
  private characters = 0;
  private next = 0;

  /**
   * @param all in the order in which they are offered.
   * @param guard what policies may know of them.
   */
  constructor(
    readonly all: readonly CatalogItem[],
    private readonly guard: FeatureGuard = new FeatureGuard(),
  ) {
    for (const stored of all) {
      const features = guard.title(stored.features);
      const item = features === stored.features ? stored : { ...stored, features };
      this.byId.set(item.id, item);
      if (!item.available) continue;
      let bySubject = this.actions.get(item.kind);
      if (!bySubject) this.actions.set(item.kind, (bySubject = new Map<string, Action[]>()));
      const subject = item.subject ?? '';
      const list = bySubject.get(subject);
      const action: Action = { id: item.id, title: item.title, features: item.features };
      if (list) list.push(action);
      else bySubject.set(subject, [action]);
    }
    for (const bySubject of this.actions.values()) for (const list of bySubject.values()) Object.freeze(list);
  }

  get(id: string): CatalogItem | undefined {
    return this.byId.get(id);
  }

  /**
   * The candidates that a request names, with what is registered about them. A list that comes again is the same,
   * frozen array: what was computed for it can be found by its identity.
   */
  named(wanted: readonly NamedAction[]): readonly Action[] {
    if (!isPlain(wanted)) return this.lookUp(wanted);
    const key = `${wanted.length} ${wanted[0]?.id ?? ''} ${wanted.at(-1)?.id ?? ''}`;
    const alike = this.lists.get(key);
    if (alike) for (const list of alike) if (isSame(list, wanted)) return list;
    const list = Object.freeze(this.lookUp(wanted));
    this.remember(key, list);
    return list;
  }

  private remember(key: string, list: readonly Action[]): void {
    for (const { id } of list) this.characters += id.length;
    if (this.characters > MOST_CHARACTERS || this.lists.size >= MOST_LISTS) {
      this.lists.clear();
      this.characters = 0;
    }
    const alike = this.lists.get(key);
    if (!alike) this.lists.set(key, [list]);
    else if (alike.length < MOST_ALIKE) alike.push(list);
    else alike[this.next++ % MOST_ALIKE] = list;
  }

  private lookUp(wanted: readonly NamedAction[]): Action[] {
    return wanted.map(({ id, features: sent }) => {
      const registered = this.byId.get(id)?.features;
      const features = sent && this.guard.given(sent);
      if (!features) return { id, features: registered ?? NO_FEATURES };
      return { id, features: registered ? { ...registered, ...features } : features };
    });
  }

  /** The registered candidates; with a subject those that belong to it, else those that belong to none. */
  candidates(kind: string | null, subject: string | null): readonly Action[] {
    if (kind === null) return NONE;
    return this.actions.get(kind)?.get(subject ?? '') ?? NONE;
  }
}

/** Short, and named by ids alone. */
function isPlain(wanted: readonly NamedAction[]): boolean {
  if (wanted.length === 0 || wanted.length > LONGEST_REMEMBERED) return false;
  for (const { features } of wanted) if (features) return false;
  return true;
}

/** Of equal length, by their key. */
function isSame(list: readonly Action[], wanted: readonly NamedAction[]): boolean {
  for (let i = 0; i < list.length; i++) if (list[i]?.id !== wanted[i]?.id) return false;
  return true;
}

const NONE: readonly Action[] = Object.freeze([]);
const NO_FEATURES: Context = Object.freeze({});

/** How many lists of candidates are remembered, and how many of them that begin alike. */
const MOST_LISTS = 1024;
const MOST_ALIKE = 8;
const LONGEST_REMEMBERED = 64;
/** Characters of all ids of the lists that are remembered. */
const MOST_CHARACTERS = 4_000_000;

/**
 * Compiles a catalogue. An experiment that contradicts the rest (say, names a layer that does not exist) is left out,
 * so that it cannot keep a kill switch or another experiment's change from taking effect.
 * @param onRejected is told of every experiment left out, and why.
 */
export function compileCatalog(
  config: CatalogConfig,
  items: ItemIndex,
  onRejected: (experiment: string, why: string) => void = () => undefined,
): ServingCatalog {
  const usable = config.experiments.filter((experiment) => {
    try {
      createAssignmentEngine({ ...config, experiments: [experiment], kept: [] });
      return true;
    } catch (error) {
      onRejected(experiment.key, (error as Error).message);
      return false;
    }
  });
  return {
    config,
    items,
    engine: createAssignmentEngine({ ...config, experiments: usable }),
    surfaces: new Map(config.surfaces.map((surface) => [surface.key, surface])),
    policies: new Map(config.policies.map((policy) => [policy.id, policy])),
    killSwitch: config.killSwitch,
    notPersonalised: new Set(config.notPersonalised),
    pages: new Map(config.pages?.map((page) => [page.key, page])),
    guard: new FeatureGuard(config.features, config.withdrawals),
  };
}

export const EMPTY_CONFIG: CatalogConfig = {
  experiments: [],
  layers: [],
  holdouts: [],
  surfaces: [],
  policies: [],
  killSwitch: false,
};
