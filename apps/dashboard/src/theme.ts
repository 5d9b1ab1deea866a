import { createTheme } from '@mantine/core';
import type { CSSVariablesResolver, MantineColorsTuple } from '@mantine/core';

/**
 * Palette: every pair of series colours keeps its distance in normal, protan, deutan and tritan vision, and all
 * stand 3:1 on the page (see tokens.css for the series). Blue is gain and orange loss, never red and green.
 */
const blue: MantineColorsTuple = [
  '#eaf4fb',
  '#d3e8f6',
  '#a6d1ed',
  '#7cbde5',
  '#56b4e9',
  '#2b93d1',
  '#0072b2',
  '#00649d',
  '#005686',
  '#00456c',
];
const orange: MantineColorsTuple = [
  '#fff1e8',
  '#ffe1cd',
  '#ffc59d',
  '#ff9e5e',
  '#f4843a',
  '#d8601a',
  '#b34700',
  '#9c3e00',
  '#833400',
  '#6b2a00',
];
const slate: MantineColorsTuple = [
  '#d8dfe8',
  '#c3ccd8',
  '#a3adba',
  '#8794a6',
  '#34435a',
  '#2a374c',
  '#1b2740',
  '#0f172a',
  '#0b1222',
  '#070c18',
];
const gray: MantineColorsTuple = [
  '#f6f8fa',
  '#eef1f5',
  '#e1e6ec',
  '#d2d9e1',
  '#bcc5d0',
  '#8b96a4',
  '#5b6470',
  '#454e5a',
  '#2b3440',
  '#17212f',
];

export const theme = createTheme({
  colors: { blue, orange, dark: slate, gray },
  primaryColor: 'blue',
  // White text on this shade is 5.2:1, and the shade on the dark page 3.4:1.
  primaryShade: 6,
  black: '#17212f',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily:
    "'Inter', 'SF Pro Text', 'Segoe UI Variable Text', 'Segoe UI', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif",
  fontFamilyMonospace:
    "'JetBrains Mono', 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace",
  headings: {
    fontWeight: '620',
    sizes: {
      h1: { fontSize: '1.5rem', lineHeight: '1.3' },
      h2: { fontSize: '1rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  components: {
    Button: { styles: { label: { fontWeight: 560 } } },
    // Fields beside each other stay aligned whatever their descriptions say.
    InputWrapper: { defaultProps: { inputWrapperOrder: ['label', 'input', 'description', 'error'] } },
    Table: { defaultProps: { verticalSpacing: 'sm', horizontalSpacing: 10 } },
    Tooltip: {
      defaultProps: {
        withArrow: true,
        multiline: true,
        maw: 320,
        events: { hover: true, focus: true, touch: true },
      },
    },
    Modal: {
      styles: { content: { background: 'var(--mq-panel)' }, header: { background: 'var(--mq-panel)' } },
      defaultProps: { centered: true, closeButtonProps: { 'aria-label': 'Close' } },
    },
    Select: { defaultProps: { allowDeselect: false, checkIconPosition: 'right' } },
  },
});

/** Muted text and errors need 4.5:1 on every panel of both themes. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f4f6f9',
    '--mantine-color-dimmed': '#55606e',
    '--mantine-color-error': '#a33f00',
    '--mantine-color-placeholder': '#66717f',
    '--mantine-color-anchor': '#00649d',
    '--mantine-color-default-border': '#d2d9e1',
  },
  dark: {
    '--mantine-color-body': '#0f172a',
    '--mantine-color-dimmed': '#a3adba',
    '--mantine-color-error': '#ff9e5e',
    '--mantine-color-placeholder': '#8f9bad',
    '--mantine-color-anchor': '#7cc4ee',
    '--mantine-color-default': '#131d33',
    '--mantine-color-default-border': '#34435a',
  },
});
