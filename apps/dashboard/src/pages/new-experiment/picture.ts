import type { Json } from '../../api/types.js';

/** Pictures that the page may load: of its own origin, or in the text itself. */
export const isPicture = (text: string): boolean =>
  /^data:image\/(png|jpeg|webp|gif|svg\+xml|avif)[;,]/.test(text) ||
  /^\/(?!\/)\S+\.(png|jpe?g|webp|gif|svg|avif)$/i.test(text);

/** The first feature of an item that is a picture. */
export function pictureOf(features: Readonly<Record<string, Json>> | undefined): string | null {
  const found = Object.values(features ?? {}).find((value) => typeof value === 'string' && isPicture(value));
  return typeof found === 'string' ? found : null;
}
