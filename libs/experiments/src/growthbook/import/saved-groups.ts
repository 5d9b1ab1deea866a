import { UNIT_ATTRIBUTE, parseSegmentCondition } from '../../targeting.js';
import { DomainError } from '../../errors.js';
import type { Condition, Json } from '../../vocabulary.js';
import { NotImported, allOf, importCondition, notOf } from './condition.js';
import type { ImportTerms } from './condition.js';
import { keyOf } from './report.js';
import type { ImportNote } from './report.js';
import type { ExportedGroup, ExportedRule } from './shapes.js';

/** The attribute that is the unit itself where a saved group names it. */
const UNIT = 'id';
/** Most entries of one condition, and most ids of a unit list in a file. */
const MOST_VALUES = 1000;
const MOST_IDS = 5000;

/**
 * Saved groups as segments; long lists of units as unit lists. A group of a group is written out, because segments hold no
 * segments.
 */
export class SavedGroups {
  readonly segments: Json[] = [];
  readonly unitLists: Json[] = [];
  readonly notes: ImportNote[] = [];
  private readonly conditions = new Map<string, Condition>();
  private readonly open = new Set<string>();

  constructor(private readonly groups: ReadonlyMap<string, ExportedGroup>) {
    for (const group of groups.values()) this.add(group);
  }

  /** @param unitAttribute of the experiment that is targeted. */
  terms(unitAttribute: string): ImportTerms {
    return {
      unitAttribute,
      group: (id, attribute) => {
        const group = this.groups.get(id);
        if (!group) throw new NotImported(`the saved group "${id}", which the export does not hold`);
        if (attribute !== null && isList(group)) return this.listCondition(attribute, group);
        return this.conditionOf(group);
      },
    };
  }

  /** What a rule or a phase asks for besides its condition: a segment for each group. */
  targeting(groups: ExportedRule['savedGroupTargeting'], unitAttribute: string): Condition | null {
    return allOf(
      groups.map(({ matchType, savedGroups }) => {
        const parts = savedGroups.map((id) => this.reference(id, unitAttribute));
        const [only] = parts;
        if (matchType === 'none') return allOf(parts.map(notOf));
        if (matchType === 'all' || parts.length < 2)
          return matchType === 'all' ? allOf(parts) : (only ?? null);
        return { any: parts };
      }),
    );
  }

  private reference(id: string, unitAttribute: string): Condition {
    const group = this.groups.get(id);
    if (!group) throw new NotImported(`the saved group "${id}", which the export does not hold`);
    const condition = this.conditionOf(group);
    // A segment says "the unit" for the attribute id; to an experiment on another attribute that is somebody else.
    if (unitAttribute !== UNIT && JSON.stringify(condition).includes(`"${UNIT_ATTRIBUTE}"`))
      throw new NotImported(`the saved group "${id}", which is about another unit`);
    return { segment: keyOf(id) };
  }

  private conditionOf(group: ExportedGroup): Condition {
    const known = this.conditions.get(group.id);
    if (known) return known;
    if (this.open.has(group.id)) throw new NotImported(`the saved group "${group.id}", which names itself`);
    this.open.add(group.id);
    try {
      const condition = isList(group)
        ? this.listCondition(group.attributeKey === UNIT ? UNIT_ATTRIBUTE : group.attributeKey, group)
        : importCondition(group.condition, this.terms(UNIT));
      if (condition === null) throw new NotImported('a saved group that everybody is in');
      this.conditions.set(group.id, parseSegmentCondition(condition));
      return condition;
    } catch (error) {
      if (error instanceof DomainError) throw new NotImported(error.message);
      throw error;
    } finally {
      this.open.delete(group.id);
    }
  }

  /** Short lists are a part of the condition; a long one of units is a unit list. */
  private listCondition(attribute: string, { id, name, values }: ExportedGroup): Condition {
    if (values.length === 0) throw new NotImported(`the saved group "${id}", which is empty`);
    if (values.length <= MOST_VALUES) return { attribute, op: 'in', value: values };
    if (attribute !== UNIT_ATTRIBUTE)
      throw new NotImported(
        `the saved group "${id}" with ${values.length} entries, which are no units; a condition holds at most ${MOST_VALUES}`,
      );
    const key = keyOf(id);
    if (!this.unitLists.some((list) => (list as { readonly key: string }).key === key)) {
      const ids = [...new Set(values.map(String))];
      this.unitLists.push({
        key,
        title: name || id,
        ...(ids.length <= MOST_IDS ? { ids } : { size: ids.length }),
      });
    }
    return { attribute, op: 'inList', value: key };
  }

  private outcomeOf({ values }: ExportedGroup, key: string): Pick<ImportNote, 'outcome' | 'to' | 'notes'> {
    const list = this.unitLists.find((one) => (one as { readonly key: string }).key === key);
    if (list === undefined) return { outcome: 'mapped', to: `segment/${key}`, notes: [] };
    const told = `Its ${values.length} units are the unit list "${key}".`;
    return 'ids' in (list as object)
      ? { outcome: 'mapped', to: `segment/${key}`, notes: [told] }
      : {
          outcome: 'partly',
          to: `segment/${key}`,
          notes: [`${told} They are too many for a file: upload them before you start what asks for it.`],
        };
  }

  private add(group: ExportedGroup): void {
    const { id, name } = group;
    const note = { kind: 'saved group', id, name } as const;
    try {
      const condition = this.conditionOf(group);
      const key = keyOf(id);
      this.segments.push({ key, title: name || id, condition: condition as Json });
      this.notes.push({ ...note, ...this.outcomeOf(group, key) });
    } catch (error) {
      if (!(error instanceof NotImported)) throw error;
      this.notes.push({
        ...note,
        outcome: 'skipped',
        to: null,
        notes: [`Has no counterpart: ${error.message}.`],
      });
    }
  }
}

const isList = (group: ExportedGroup): boolean => group.type === 'list' || group.condition === '';
