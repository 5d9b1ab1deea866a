import type { ReactElement } from 'react';
import { useItemsOfKind } from '../../api/pages.js';
import type { Item } from '../../api/pages.js';
import type { Json, Surface } from '../../api/types.js';
import { json } from '../../format/index.js';
import { JsonBlock } from '../../ui/details.js';
import type { ArmDraft } from './draft.js';
import { ItemTile } from './item-tile.js';
import { PolicyPick } from './policy-pick.js';
import { isPicture } from './picture.js';
import styles from './preview.module.css';

interface ArmPreviewProps {
  arm: ArmDraft;
  /** With whose value it is compared; null: it is the control itself, or there is none. */
  control: ArmDraft | null;
  surface: Surface | undefined;
  /** Whether apps can ask for the surface already. */
  saved: boolean;
}

/** What the arm looks like on its surface: the picture, the order of rows, the value, or what the policy would pick. */
export function ArmPreview(props: ArmPreviewProps): ReactElement | null {
  const { arm, surface, saved } = props;
  if (surface === undefined) return null;
  const body =
    arm.kind === 'value' ? (
      <ValuePreview {...props} surface={surface} />
    ) : saved && arm.policyId !== '' ? (
      <PolicyPick surface={surface} policyId={arm.policyId} />
    ) : (
      <p className="mq-muted">What a policy picks is shown once it is chosen and the surface is there.</p>
    );
  return (
    <section className={styles.preview} aria-label={`Preview of ${arm.title || 'the arm'}`}>
      <p className={styles.caption}>On its surface</p>
      {body}
    </section>
  );
}

type ValueProps = ArmPreviewProps & { surface: Surface };

function ValuePreview({ arm, control, surface }: ValueProps): ReactElement {
  const known = useItemsOfKind(surface.candidateKind).data;
  const items = known?.items ?? [];
  const whole = known !== undefined && !known.nextCursor;
  const value = arm.value ?? null;
  const before = control?.kind === 'value' ? (control.value ?? null) : undefined;
  if (surface.kind === 'action') return <ActionPreview value={value} items={items} whole={whole} />;
  if (surface.kind === 'slate') return <OrderPreview value={value} before={before} items={items} />;
  return <PlainPreview value={value} before={before} />;
}

interface ActionProps {
  value: Json;
  items: readonly Item[];
  /** Whether the items are all there are. */
  whole: boolean;
}

function ActionPreview({ value, items, whole }: ActionProps): ReactElement {
  if (value === null)
    return <p className="mq-muted">The surface’s default: the first of what stands to choice.</p>;
  const id = json(value);
  const item = items.find((one) => one.id === id);
  return (
    <ItemTile
      id={id}
      item={item}
      {...(item === undefined && whole ? { note: 'not registered: apps must send it' } : {})}
    />
  );
}

const MOST_ROWS = 10;
const idsOf = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];

/** The listed items first, then the others as they are registered. */
function orderOf(value: Json | undefined, items: readonly Item[]): string[] {
  const listed = idsOf(value);
  return [...listed, ...items.map(({ id }) => id).filter((id) => !listed.includes(id))];
}

function moved(id: string, place: number, before: readonly string[] | null): string {
  const was = before?.indexOf(id) ?? place;
  if (was === place) return '';
  if (was < 0) return 'only here';
  return was > place ? `▲ ${was - place}` : `▼ ${place - was}`;
}

function OrderPreview({
  value,
  before,
  items,
}: {
  value: Json;
  before: Json | undefined;
  items: readonly Item[];
}): ReactElement {
  const registered = [...items].sort((a, b) => a.position - b.position);
  const order = orderOf(value, registered);
  const old = before === undefined ? null : orderOf(before, registered);
  if (order.length === 0)
    return <p className="mq-muted">The registered order of what each request brings.</p>;
  return (
    <>
      <ol className={styles.order}>
        {order.slice(0, MOST_ROWS).map((id, place) => {
          const change = moved(id, place, old);
          return (
            <li key={id} className={change === '' ? undefined : styles.moved}>
              {items.find((item) => item.id === id)?.title ?? id}
              {change === '' ? null : <span className={styles.change}>{change}</span>}
            </li>
          );
        })}
      </ol>
      {order.length > MOST_ROWS ? <p className="mq-muted">and {order.length - MOST_ROWS} more</p> : null}
    </>
  );
}

const isRecord = (value: Json | undefined): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function PlainPreview({ value, before }: { value: Json; before: Json | undefined }): ReactElement {
  if (typeof value === 'string' && isPicture(value))
    return <img className={styles.picture} src={value} alt="What this arm shows" />;
  if (typeof value === 'boolean') return <p className={styles.big}>{value ? 'On' : 'Off'}</p>;
  if (typeof value === 'string' || typeof value === 'number') return <p className={styles.big}>{value}</p>;
  if (!isRecord(value)) return <JsonBlock value={value} label="Value of the arm" />;
  return (
    <dl className={styles.fields}>
      {Object.entries(value).map(([name, entry]) => {
        const changed = isRecord(before) && json(before[name] ?? null) !== json(entry);
        return (
          <div key={name} className={changed ? styles.moved : undefined}>
            <dt>{name}</dt>
            <dd>
              {json(entry)}
              {changed ? <span className={styles.change}>differs from control</span> : null}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
