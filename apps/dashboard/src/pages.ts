import type { ComponentType } from 'react';
import type { IconName } from './ui/icon.js';

export interface PageEntry {
  path: string;
  /** Where it stands in the navigation; absent: reached from other pages only. */
  nav?: { title: string; icon: IconName; group: 'Decide' | 'Watch' | 'Set up' };
  /** Each page is its own chunk, loaded when it is first opened. */
  load: () => Promise<ComponentType>;
}

/** Every page of the dashboard. Adding one is its file and one entry here. */
export const PAGES: readonly PageEntry[] = [
  {
    path: '/experiments',
    nav: { title: 'Experiments', icon: 'experiments', group: 'Decide' },
    load: async () => (await import('./pages/experiments/list-page.js')).ExperimentsPage,
  },
  {
    path: '/experiments/new',
    load: async () => (await import('./pages/new-experiment/new-experiment-page.js')).NewExperimentPage,
  },
  {
    path: '/experiments/:key/:tab?',
    load: async () => (await import('./pages/experiment/experiment-page.js')).ExperimentPage,
  },
  {
    path: '/calendar',
    nav: { title: 'Calendar', icon: 'clock', group: 'Decide' },
    load: async () => (await import('./pages/calendar/calendar-page.js')).CalendarPage,
  },
  {
    path: '/portfolio',
    nav: { title: 'Portfolio', icon: 'chart', group: 'Decide' },
    load: async () => (await import('./pages/portfolio/portfolio-page.js')).PortfolioPage,
  },
  {
    path: '/policies',
    nav: { title: 'Policies', icon: 'policies', group: 'Decide' },
    load: async () => (await import('./pages/policies/list-page.js')).PoliciesPage,
  },
  {
    path: '/policies/:id/card',
    load: async () => (await import('./pages/policies/model/card-page.js')).ModelCardPage,
  },
  {
    path: '/policies/:id/:tab?',
    load: async () => (await import('./pages/policies/policy-page.js')).PolicyPage,
  },
  {
    path: '/metrics',
    nav: { title: 'Metrics', icon: 'chart', group: 'Decide' },
    load: async () => (await import('./pages/metrics/list-page.js')).MetricsPage,
  },
  {
    path: '/metrics/new',
    load: async () => (await import('./pages/metrics/edit-page.js')).NewMetricPage,
  },
  {
    path: '/metrics/:key',
    load: async () => (await import('./pages/metrics/metric-page.js')).MetricPage,
  },
  {
    path: '/metrics/:key/edit',
    load: async () => (await import('./pages/metrics/edit-page.js')).EditMetricPage,
  },
  {
    path: '/audiences/:tab?',
    nav: { title: 'Audiences', icon: 'shield', group: 'Decide' },
    load: async () => (await import('./pages/audiences/audiences-page.js')).AudiencesPage,
  },
  {
    path: '/catalogue',
    nav: { title: 'Catalogue', icon: 'table', group: 'Watch' },
    load: async () => (await import('./pages/catalogue/catalogue-page.js')).CataloguePage,
  },
  {
    path: '/catalogue/:id',
    load: async () => (await import('./pages/catalogue/item-page.js')).ItemPage,
  },
  {
    path: '/members/:id?',
    nav: { title: 'Members', icon: 'shield', group: 'Watch' },
    load: async () => (await import('./pages/members/member-page.js')).MemberPage,
  },
  {
    path: '/preview',
    nav: { title: 'Preview', icon: 'play', group: 'Watch' },
    load: async () => (await import('./pages/members/preview-page.js')).PreviewPage,
  },
  {
    path: '/preview/page',
    load: async () => (await import('./pages/page-preview/page-preview-page.js')).PagePreviewPage,
  },
  {
    path: '/pages/new',
    load: async () => (await import('./pages/page-editor/page-editor-page.js')).NewPagePage,
  },
  {
    path: '/pages/:key',
    load: async () => (await import('./pages/page-editor/page-editor-page.js')).EditPagePage,
  },
  {
    path: '/live',
    nav: { title: 'Live tail', icon: 'live', group: 'Watch' },
    load: async () => (await import('./pages/live/live-page.js')).LivePage,
  },
  {
    path: '/decisions',
    nav: { title: 'Decisions', icon: 'decisions', group: 'Watch' },
    load: async () => (await import('./pages/decisions/search-page.js')).DecisionsPage,
  },
  {
    path: '/decisions/:id',
    load: async () => (await import('./pages/decisions/decision-page.js')).DecisionPage,
  },
  {
    path: '/operations',
    nav: { title: 'Operations', icon: 'operations', group: 'Watch' },
    load: async () => (await import('./pages/operations/operations-page.js')).OperationsPage,
  },
  {
    path: '/connect',
    nav: { title: 'Connect', icon: 'connect', group: 'Set up' },
    load: async () => (await import('./pages/connect/connect-page.js')).ConnectPage,
  },
  {
    path: '/settings/:tab?',
    nav: { title: 'Settings', icon: 'settings', group: 'Set up' },
    load: async () => (await import('./pages/settings/settings-page.js')).SettingsPage,
  },
];
