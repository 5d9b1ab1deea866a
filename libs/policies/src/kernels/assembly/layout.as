// Memory below the caller's: the packed panels of the matrix products, sized for doubles.
export const SCRATCH: usize = 1024;
export const ROWS: i32 = 96;
export const DEPTH: i32 = 256;
export const COLUMNS: i32 = 512;
export const PANEL_B: usize = SCRATCH + <usize>(ROWS * DEPTH * 8);
export const TILE: usize = PANEL_B + <usize>(DEPTH * COLUMNS * 8);

/** The first byte that belongs to the caller. */
export function base(): usize {
  return TILE + 128;
}
