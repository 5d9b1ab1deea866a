import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import type { AssignmentCatalog, ExperimentDesign, Json, SurfaceKind, UnitType } from '#experiments';
import { layerClaims, unitListsOf } from '#experiments';
import type { LayerHold } from '#experiments';
import { Problem } from '../http/problem.js';
import { loadSavedConditions } from '../persistence/audience-references.js';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';
import { pinMetricVersions } from '../persistence/metric-catalogue.js';
import {
  ExperimentEntity,
  ExperimentPhaseEntity,
  HoldoutEntity,
  LayerEntity,
  SurfaceEntity,
} from '../persistence/entities/index.js';
import { experimentFromRow, rowFromDesign } from './experiment.mapper.js';
import type { StoredExperiment } from './experiment.mapper.js';
import { listKeys } from './experiment-list.js';
import type { ListExperiments } from './experiment-list.js';

const experiments = (manager: EntityManager): SelectQueryBuilder<ExperimentEntity> =>
  manager.createQueryBuilder(ExperimentEntity, 'e');

/** SQL null rather than JSON null, so that `is null` finds it. */
const jsonb = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

/** Experiments and their phases in PostgreSQL. Writes happen inside the caller's transaction. */
@Injectable()
export class ExperimentStore {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** @throws Problem 404. */
  async get(key: string): Promise<StoredExperiment> {
    const row = await experiments(this.db.manager).where('e.key = :key', { key }).getOne();
    if (!row) throw Problem.notFound('Experiment', key);
    return experimentFromRow(row);
  }

  /** One page in the order asked for; `total` counts all that match. */
  async list(query: ListExperiments): Promise<{ found: StoredExperiment[]; total: number }> {
    const { keys, total } = await listKeys(this.db, query);
    const rows = await experiments(this.db.manager).where('e.key = any(:keys)', { keys }).getMany();
    const byKey = new Map(rows.map((row) => [row.key, experimentFromRow(row)]));
    return { found: keys.flatMap((key) => byKey.get(key) ?? []), total };
  }

  /** Reads an experiment and keeps others from changing it until the transaction ends. @throws Problem 404. */
  async lock(tx: Transaction, key: string): Promise<StoredExperiment> {
    const row = await experiments(tx.manager)
      .where('e.key = :key', { key })
      .setLock('pessimistic_write')
      .getOne();
    if (!row) throw Problem.notFound('Experiment', key);
    return experimentFromRow(row);
  }

  /** @throws Problem 409 `already_exists`. */
  async insert(tx: Transaction, design: ExperimentDesign): Promise<StoredExperiment> {
    const values = { ...rowFromDesign(design), version: 1 } as object;
    const result = await tx.manager
      .createQueryBuilder()
      .insert()
      .into(ExperimentEntity)
      .values(values)
      .orIgnore()
      .execute();
    if ((result.raw as unknown[]).length === 0) {
      throw Problem.conflict(
        'already_exists',
        `An experiment with the key "${design.key}" exists already; keys are never used twice`,
      );
    }
    return this.lock(tx, design.key);
  }

  async update(tx: Transaction, design: ExperimentDesign): Promise<StoredExperiment> {
    const { key, ...columns } = rowFromDesign(design);
    const bookkeeping = { version: () => 'version + 1', updatedAt: () => 'now()' };
    await tx.manager
      .createQueryBuilder()
      .update(ExperimentEntity)
      .set({ ...columns, ...bookkeeping } as object)
      .where('key = :key', { key })
      .execute();
    if (design.status !== 'draft') await pinMetricVersions(tx, design.key);
    return this.lock(tx, design.key);
  }

  /**
   * Locks a layer and reads who owns which part of it, leaving out one experiment.
   * @throws Problem 400 when the layer does not exist.
   */
  async lockClaims(tx: Transaction, layer: string, except: string): Promise<LayerHold[]> {
    return (await this.lockLayer(tx, layer, except)).claims;
  }

  /** The same, with the type of unit that the layer names. */
  async lockLayer(
    tx: Transaction,
    layer: string,
    except: string,
  ): Promise<{ key: string; unitType: string | null; claims: LayerHold[] }> {
    const row = await tx.manager.findOne(LayerEntity, {
      where: { key: layer },
      lock: { mode: 'pessimistic_write' },
    });
    if (!row) throw Problem.invalid('/layer', 'unknown_layer', `the layer "${layer}" does not exist`);
    return { key: layer, unitType: row.unitType, claims: await this.claimsOf(layer, except, tx.manager) };
  }

  /** Who owns which part of a layer now, leaving out one experiment; nobody is kept from changing it. */
  async claimsOf(
    layer: string,
    except: string,
    manager: EntityManager = this.db.dataSource.manager,
  ): Promise<LayerHold[]> {
    const members = await experiments(manager)
      .where('e.layer = :layer', { layer })
      .orWhere('e.other_layers @> cast(:other as jsonb)', { other: JSON.stringify([{ layer }]) })
      .getMany();
    return layerClaims(members.map(experimentFromRow), layer).filter((claim) => claim.experiment !== except);
  }

  async phases(key: string): Promise<ExperimentPhaseEntity[]> {
    const phases = this.db.manager.createQueryBuilder(ExperimentPhaseEntity, 'p');
    return phases.where('p.experiment = :key', { key }).orderBy('p.phase').getMany();
  }

  /** Ends the open phase, if any; `open` begins the experiment's present one. */
  async turnPhase(
    tx: Transaction,
    design: ExperimentDesign,
    at: number,
    open: boolean,
    keepsUnits = false,
  ): Promise<void> {
    await tx.query(`update experiment_phase set ended_at = $2 where experiment = $1 and ended_at is null`, [
      design.key,
      new Date(at),
    ]);
    if (!open) return;
    await tx.query(
      `insert into experiment_phase (experiment, phase, traffic, targeting, arms, started_at, keeps_units)
       values ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7)`,
      [
        design.key,
        design.phase,
        design.traffic,
        jsonb(design.targeting),
        jsonb(design.arms),
        new Date(at),
        keepsUnits,
      ],
    );
  }

  /**
   * Everything that decides on a surface, in the engine's order of priority, with the surfaces that it asks about.
   * @param asked what is asked about beside them: surfaces and unit lists of an experiment that is not stored.
   */
  async catalogFor(
    surface: string,
    asked: { readonly others?: boolean; readonly lists?: readonly string[] } = {},
  ): Promise<AssignmentCatalog> {
    const { manager } = this.db;
    const [rows, layers, holdouts, surfaces] = await Promise.all([
      experiments(manager)
        .where(
          `e.surface = :surface or (e.status in ('running', 'paused', 'shipped') and (:others or exists (
          select from experiment asking where asking.prerequisites <> '[]')))`,
          { surface, others: asked.others ?? false },
        )
        .orderBy('e.created_at')
        .addOrderBy('e.key')
        .getMany(),
      manager.find(LayerEntity),
      manager.find(HoldoutEntity, { order: { createdAt: 'ASC', key: 'ASC' } }),
      manager.find(SurfaceEntity),
    ]);
    const found = rows.map(experimentFromRow);
    const saved = await loadSavedConditions(this.db, [
      ...found.flatMap(({ targeting }) => unitListsOf(targeting)),
      ...holdouts.flatMap(({ except }) => unitListsOf(except)),
      ...(asked.lists ?? []),
    ]);
    const unitTypes = await this.db.query<UnitType & Record<string, unknown>>(
      'select key, title, context_field as "contextField" from unit_type',
    );
    return {
      ...saved,
      unitTypes,
      experiments: found,
      layers,
      holdouts,
      surfaces: surfaces.map((row) => ({
        ...row,
        kind: row.kind as SurfaceKind,
        defaultValue: row.defaultValue as Json,
      })),
    };
  }

  /** The database's clock, in Unix milliseconds: phases of all processes are ordered by it. */
  async now(tx: Transaction): Promise<number> {
    const [row] = await tx.query<{ now: Date }>('select now() as now');
    return row?.now.getTime() ?? Date.now();
  }
}
