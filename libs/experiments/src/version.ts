const PARTS_WIDTH = 5;

/**
 * A version as a text that sorts as versions do, by GrowthBook's rule: without a leading `v` and without build metadata;
 * numbers are padded, and a version of three parts sorts after its own pre-releases (`1.0.0-rc.1` < `1.0.0`).
 * @param version a text or a number; anything else counts as version 0.
 */
export function versionKey(version: unknown): string {
  const given = typeof version === 'number' ? String(version) : version;
  const text = typeof given === 'string' && given !== '' ? given : '0';
  const plus = text.indexOf('+');
  const bare = text.slice(text.startsWith('v') ? 1 : 0, plus < 0 ? undefined : plus);
  const parts = bare.split(/[-.]/);
  if (parts.length === 3) parts.push('~');
  return parts.map((part) => (/^[0-9]+$/.test(part) ? part.padStart(PARTS_WIDTH, ' ') : part)).join('-');
}
