import type { ReactElement } from 'react';
import type { Json } from '../../api/types.js';
import { json } from '../../format/index.js';
import { pictureOf } from './picture.js';
import styles from './preview.module.css';

const MOST_FEATURES = 4;

interface ItemTileProps {
  id: string;
  /** Undefined: not registered. */
  item: { title: string; features: Record<string, Json> } | undefined;
  note?: string;
}

/** A thumbnail of an item: its picture where the page may load one, else what is known of it. */
export function ItemTile({ id, item, note }: ItemTileProps): ReactElement {
  const picture = pictureOf(item?.features);
  const features = Object.entries(item?.features ?? {}).filter(([, value]) => value !== picture);
  return (
    <figure className={styles.tile}>
      {picture === null ? (
        <div className={styles.frame}>
          {features.slice(0, MOST_FEATURES).map(([name, value]) => (
            <span key={name} className={styles.feature}>
              {name}: {json(value)}
            </span>
          ))}
        </div>
      ) : (
        <img className={styles.picture} src={picture} alt="" />
      )}
      <figcaption>
        {item?.title ?? id}
        {note === undefined ? null : <span className={styles.change}>{note}</span>}
      </figcaption>
    </figure>
  );
}
