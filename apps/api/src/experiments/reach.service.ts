import { Inject, Injectable } from '@nestjs/common';
import {
  BUILT_IN_UNIT_TYPES,
  DomainError,
  allocateRange,
  defaultSalt,
  membershipsOf,
  unitListsOf,
} from '#experiments';
import type {
  AssignmentCatalog,
  BucketRange,
  Experiment,
  Layer,
  LayerClaim,
  LayerMembership,
} from '#experiments';
import { Problem } from '../http/problem.js';
import { audienceErrors } from '../persistence/audience-references.js';
import { Database } from '../persistence/database.js';
import { ExperimentStore } from './experiment-store.js';
import { ReachSamples } from './reach-sample.js';
import { reachOf } from './reach.js';
import type { Reach } from './reach.js';
import type { ReachBody } from './reach.schemas.js';

/** What no experiment can be called. */
const NEW = '$new';

/** What a start would give now; a full layer gives nothing. */
function freeRange(claims: readonly LayerClaim[], share: number | null): BucketRange {
  try {
    return allocateRange(claims, share);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'layer_full') return [0, 0];
    throw error;
  }
}

/** A design that is changed keeps its hash. */
const hashingOf = (
  before: Experiment | undefined,
  key: string,
): Pick<Experiment, 'salt' | 'hashVersion'> => ({
  salt: before?.salt ?? defaultSalt.experiment(key),
  hashVersion: before?.hashVersion ?? 2,
});

/** How many units a design would reach, by the recorded requests of its surface. */
@Injectable()
export class ReachService {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ExperimentStore) private readonly store: ExperimentStore,
    @Inject(ReachSamples) private readonly samples: ReachSamples,
  ) {}

  /** @throws Problem 400 for a surface, layer, unit type, segment or list that does not exist. */
  async estimate(body: ReachBody, now: number): Promise<Reach> {
    const { surface, unitType, targeting, prerequisites, days } = body;
    const catalog = await this.store.catalogFor(surface, {
      others: prerequisites.length > 0,
      lists: unitListsOf(targeting),
    });
    await this.check(body, catalog);
    const { draft, layers } = await this.draftOf(body, catalog);
    const types = catalog.unitTypes ?? BUILT_IN_UNIT_TYPES;
    const contextField = types.find(({ key }) => key === unitType)?.contextField ?? null;
    const sample = await this.samples.read({ surface, unitType, contextField, days }, now);
    return reachOf(draft, { ...catalog, layers: [...catalog.layers, ...layers] }, sample, now);
  }

  private async check(
    body: ReachBody,
    { experiments, surfaces, unitTypes, layers }: AssignmentCatalog,
  ): Promise<void> {
    const { experiment = null, surface, unitType, clusterBy, layer, otherLayers, targeting } = body;
    const known = (list: readonly { readonly key: string }[] | undefined, key: string | null): boolean =>
      key === null || (list ?? []).some((one) => one.key === key);
    const refuse = (pointer: string, code: string, what: string): never => {
      throw Problem.invalid(pointer, code, `the ${what} does not exist`);
    };
    if (!known(surfaces, surface)) refuse('/surface', 'unknown_surface', `surface "${surface}"`);
    if (!known(experiments, experiment))
      refuse('/experiment', 'unknown_experiment', `experiment "${experiment ?? ''}" on this surface`);
    if (!known(unitTypes, unitType)) refuse('/unitType', 'unknown_unit_type', `unit type "${unitType}"`);
    if (!known(unitTypes, clusterBy))
      refuse('/clusterBy', 'unknown_unit_type', `unit type "${clusterBy ?? ''}"`);
    if (!known(layers, layer)) {
      // It is made with the first experiment in it.
      if (layer !== 'default') refuse('/layer', 'unknown_layer', `layer "${layer ?? ''}"`);
    }
    otherLayers.forEach((other, i) => {
      if (!known(layers, other.layer))
        refuse(`/otherLayers/${i}/layer`, 'unknown_layer', `layer "${other.layer}"`);
    });
    const [error] = await this.db.transaction((tx) => audienceErrors(tx, targeting, '/targeting'));
    if (error) throw Problem.invalid(error.pointer, error.code, error.message);
  }

  /** The design as it would run: with the parts of layers that it holds or would be given. */
  private async draftOf(
    body: ReachBody,
    catalog: AssignmentCatalog,
  ): Promise<{ draft: Experiment; layers: Layer[] }> {
    const { surface, unitType, clusterBy, switchback, prerequisites, traffic, targeting, tags } = body;
    const before = catalog.experiments.find(({ key }) => key === body.experiment);
    const key = body.experiment ?? NEW;
    const layer = body.layer ?? key;
    // A draft's parts are wishes: it gets its parts when it starts.
    const held = before && before.status !== 'draft' ? membershipsOf(before) : [];
    const rangeOf = async (name: string, share: number | null): Promise<BucketRange> =>
      held.find((one) => one.layer === name)?.range ?? freeRange(await this.store.claimsOf(name, key), share);
    const otherLayers: LayerMembership[] = [];
    for (const other of body.otherLayers)
      otherLayers.push({
        layer: other.layer,
        range: other.range ?? (await rangeOf(other.layer, other.share ?? null)),
      });
    const draft: Experiment = {
      ...{
        key,
        title: key,
        surface,
        unitType,
        clusterBy,
        switchback,
        prerequisites,
        traffic,
        targeting,
        tags,
      },
      ...{ layer, layerRange: await rangeOf(layer, body.layerShare ?? null), otherLayers },
      ...{ status: 'running', phase: 1, shippedArm: null },
      ...hashingOf(before, key),
      arms: [
        { key: 'any', title: 'Any', weight: 1, isControl: true, treatment: { kind: 'value', value: null } },
      ],
    };
    const missing = catalog.layers.some((one) => one.key === layer)
      ? []
      : [{ key: layer, title: layer, salt: defaultSalt.layer(layer) }];
    return { draft, layers: missing };
  }
}
