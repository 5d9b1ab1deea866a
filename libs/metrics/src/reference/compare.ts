/** The comparison rule of reference cases: relative tolerance, and no hidden absolute slack. */
export interface Tolerance {
  readonly tolerance: number;
  readonly abs_tolerance: number;
}

/** A number from a case: JSON has no infinities, so they are strings. */
function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  return null;
}

function numbersAgree(got: number, want: number, { tolerance, abs_tolerance }: Tolerance): boolean {
  if (!Number.isFinite(want)) return got === want;
  if (want === 0) return Math.abs(got) <= Math.max(abs_tolerance, 1e-12);
  return Math.abs(got - want) <= tolerance * Math.abs(want) + abs_tolerance;
}

/**
 * Every difference between a result and what a case expects, as "path: got, want"; empty when they agree. Every
 * key of `want` is compared; extra keys of `got` are allowed.
 */
export function differences(got: unknown, want: unknown, tolerance: Tolerance, path = ''): string[] {
  const wanted = numberOf(want);
  if (wanted !== null) {
    const number = numberOf(got);
    return number !== null && numbersAgree(number, wanted, tolerance)
      ? []
      : [`${path}: got ${String(got)}, want ${wanted}`];
  }
  if (Array.isArray(want)) {
    if (!Array.isArray(got) || got.length !== want.length)
      return [`${path}: got ${JSON.stringify(got)}, want ${want.length} elements`];
    return want.flatMap((element, i) => differences(got[i], element, tolerance, `${path}/${i}`));
  }
  if (want !== null && typeof want === 'object') {
    const fields = (got ?? {}) as Record<string, unknown>;
    return Object.entries(want).flatMap(([key, value]) =>
      differences(fields[key], value, tolerance, `${path}/${key}`),
    );
  }
  return got === want ? [] : [`${path}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`];
}
