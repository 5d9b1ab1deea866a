export * from './compose.js';
export { MOST_PAGE_DECISIONS, pageLayoutSchema } from './layout.js';
export type { PageLayout, PagePin, RowSource } from './layout.js';
export type { PageMoment } from './retrieve.js';
