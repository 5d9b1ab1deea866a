import type { SegmentVersion, UnitListConfig, UnitType } from '#experiments';
import type { Sql } from '../persistence/database.js';
import type { CatalogConfig } from './catalog-data.js';

/** Reads what conditions and units refer to. */
export class AudienceStore {
  /** As read last: lists are large, and most stay as they are when something else changes. */
  private lists = new Map<string, { readonly revision: number; readonly list: UnitListConfig }>();

  constructor(private readonly db: Sql) {}

  async read(): Promise<Required<Pick<CatalogConfig, 'unitTypes' | 'segments' | 'unitLists' | 'testerKey'>>> {
    const [unitTypes, segments, unitLists, testerKeys] = await Promise.all([
      this.db.query<UnitType & Record<string, unknown>>(
        'select key, title, context_field as "contextField" from unit_type order by key',
      ),
      this.db.query<SegmentVersion & Record<string, unknown>>(
        'select segment as key, version, condition from segment_version order by 1, 2',
      ),
      this.readLists(),
      this.db.query<{ key: string }>('select key from tester_key'),
    ]);
    return { unitTypes, segments, unitLists, testerKey: testerKeys[0]?.key ?? null };
  }

  private async readLists(): Promise<UnitListConfig[]> {
    const heads = await this.db.query<{ key: string; hashed: boolean; revision: number }>(
      'select key, hashed, revision from unit_list order by key',
    );
    const lists = new Map<string, { readonly revision: number; readonly list: UnitListConfig }>();
    for (const { key, hashed, revision } of heads) {
      const known = this.lists.get(key);
      if (known?.revision === revision) {
        lists.set(key, known);
        continue;
      }
      const rows = await this.db.query<{ entry: string }>(
        'select entry from unit_list_entry where list = $1',
        [key],
      );
      lists.set(key, { revision, list: { key, hashed, entries: rows.map(({ entry }) => entry) } });
    }
    this.lists = lists;
    return [...lists.values()].map(({ list }) => list);
  }
}
