import type { ReactElement } from 'react';

/** Line icons on a 20 x 20 grid. Decoration only: the meaning always stands beside them in words. */
const PATHS = {
  experiments: 'M8 3h4M8.7 3v5L4 15.6A1 1 0 0 0 4.9 17h10.2a1 1 0 0 0 .9-1.4L11.300 8V3M6.600 12h6.800',
  policies: 'M4 5h4l4 10h4M4 15h4l1.200-3M11 8l1-3h4M14 3l2 2-2 2M14 13l2 2-2 2',
  live: 'M3 10h3l2-5 4 10 2-5h3',
  decisions: 'M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM13.500 13.500 17 17',
  operations: 'M4 4h12v5H4zM4 11h12v5H4zM7 6.500h.01M7 13.500h.01',
  settings: 'M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4',
  connect:
    'M8 12 12 8M6.500 9.500 5 11a3.500 3.500 0 0 0 4.900 4.900l1.500-1.500M8.600 5.600 10 4.100A3.500 3.500 0 0 1 15 9l-1.500 1.500',
  plus: 'M10 4v12M4 10h12',
  check: 'm4 10.500 4 4 8-9',
  cross: 'm5 5 10 10M15 5 5 15',
  warning: 'M10 3.500 17.500 16h-15zM10 8.500v3.500M10 14h.01',
  info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 9.500v4M10 6.800h.01',
  play: 'M6.500 4.500v11l9-5.500z',
  pause: 'M7 4.500v11M13 4.500v11',
  stop: 'M5.500 5.500h9v9h-9z',
  ship: 'M3 10.500 17 3l-4 14-3-5.500zM10 11.500 17 3',
  draft: 'M4 16v-3L13 4l3 3-9 9zM11 6l3 3',
  archive: 'M3 5h14v3H3zM4.500 8v8h11V8M8 11h4',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 6v4l2.500 2',
  table: 'M3 4.500h14v11H3zM3 8.500h14M3 12h14M8 4.500v11',
  chart: 'M3 3v14h14M6 13l3.500-4 3 2.500L17 6',
  download: 'M10 3v9M6 8.500l4 4 4-4M4 16.500h12',
  copy: 'M7 7h9v9H7zM4 13V4h9',
  sun: 'M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM10 2v2M10 16v2M2 10h2M16 10h2M4.300 4.300l1.400 1.400M14.300 14.300l1.400 1.400M4.300 15.700l1.400-1.400M14.300 5.700l1.400-1.400',
  moon: 'M16.500 12A7 7 0 0 1 8 3.500a7 7 0 1 0 8.500 8.500z',
  system: 'M3 4h14v9H3zM7 16.500h6M10 13v3.500',
  refresh: 'M16 10a6 6 0 1 1-1.800-4.300M16 3v3.500h-3.500',
  shield: 'M10 2.500 16 5v4.500c0 4-2.600 6.700-6 8-3.400-1.300-6-4-6-8V5z',
  back: 'm12 4-6 6 6 6',
  next: 'm8 4 6 6-6 6',
  trash: 'M4 6h12M8 6V4h4v2M5.500 6l.7 10.500h7.600L14.500 6',
  external: 'M11 3h6v6M17 3l-8 8M14 11v5.500H3.500V6H9',
  rollback: 'M4 8h8a4.500 4.500 0 0 1 0 9H8M7.500 4.500 4 8l3.500 3.500',
  snow: 'M10 2.500v15M3.500 6.200l13 7.600M16.500 6.200l-13 7.600',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }): ReactElement {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.6}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
