import type { Surface } from '#experiments';

/** A draft's body for `POST /v1/experiments`. */
export interface Design extends Readonly<Record<string, unknown>> {
  readonly key: string;
  readonly surface: string;
}

/** Places of the app that the four weeks of history know nothing of: their requests come from the TypeScript client. */
export const showcaseSurfaces: readonly Surface[] = [
  { key: 'home.banner', title: 'Banner on top of home', kind: 'value', defaultValue: 'small' },
  { key: 'detail.trailer', title: 'Trailer on the page of a title', kind: 'value', defaultValue: 'muted' },
  { key: 'detail.synopsis', title: 'Synopsis of a title', kind: 'value', defaultValue: 'long' },
  { key: 'detail.layout', title: 'Layout of the page of a title', kind: 'value', defaultValue: 'classic' },
  { key: 'player.button', title: 'Play button', kind: 'value', defaultValue: 'round' },
  { key: 'title.badge', title: 'Badge on new titles', kind: 'value', defaultValue: 'none' },
  { key: 'plans.page', title: 'Page of plans', kind: 'value', defaultValue: 'list' },
  { key: 'stream.start', title: 'Quality that a stream starts with', kind: 'value', defaultValue: 'auto' },
].map((surface) => ({ ...surface, kind: 'value' as const, candidateKind: null }));

export const showcaseLayers = [
  { key: 'detail', title: 'Pages of titles' },
  { key: 'banner', title: 'Banner' },
  { key: 'attention', title: 'Asks for attention: one at a time' },
  { key: 'weekend', title: 'Weekends' },
  { key: 'plans', title: 'Plans', unitType: 'household' },
  { key: 'network', title: 'Streaming', unitType: 'market' },
  { key: 'controls', title: 'Player controls', unitType: 'member' },
] as const;

export const showcaseSegments = [
  {
    key: 'evening-phones',
    title: 'Phones in Europe',
    description: 'Phones and tablets of members in four countries.',
    condition: {
      all: [
        { attribute: 'device', op: 'in', value: ['phone', 'tablet'] },
        { attribute: 'country', op: 'in', value: ['DE', 'FR', 'ES', 'IT'] },
      ],
    },
  },
] as const;

export const showcaseLists = [
  { key: 'press', title: 'Press accounts', ids: ['press-1', 'press-2', 'press-3', 'press-4'] },
] as const;

export const showcaseHoldouts = [
  {
    key: 'detail-area',
    title: 'No experiments on pages of titles',
    share: 0.05,
    tags: ['area-detail'],
    // Whoever writes about the product sees it as it will be.
    except: { attribute: '$unit', op: 'inList', value: 'press' },
  },
  { key: 'banner-area', title: 'No experiments with banners', share: 0.02, tags: ['area-banner'] },
] as const;

const arms = (control: string, treatment: string, value: string, plain: string) =>
  [
    [control, plain, true],
    [treatment, value, false],
  ].map(([title, shown, isControl]) => ({
    key: isControl === true ? 'control' : value,
    title,
    weight: 1,
    isControl,
    treatment: { kind: 'value', value: shown },
  }));

const OWNERS = { detail: 'Team Titles', home: 'Team Home', player: 'Team Player', money: 'Team Plans' };
const shared = {
  decisionMetric: 'play-rate',
  secondaryMetrics: ['watch-minutes'],
  guardrailMetrics: ['cancellations'],
  minimumDays: 14,
};

/** One of each state of a life, and one of each unusual unit; what is done with them stands in showcase.ts. */
export const designs = {
  ramped: {
    ...shared,
    key: 'bigger-banner',
    title: 'A bigger banner, in steps',
    hypothesis:
      'A banner over the whole width makes members play its title, and takes nothing from the rows below.',
    surface: 'home.banner',
    layer: 'banner',
    layerShare: 0.6,
    // In two layers at once: whoever is asked by another banner is not asked by this one.
    otherLayers: [{ layer: 'attention', share: 0.7 }],
    traffic: 0.2,
    arms: arms('Small banner', 'Wide banner', 'wide', 'small'),
    owner: OWNERS.home,
    tags: ['demo', 'area-banner'],
  },
  harmful: {
    ...shared,
    key: 'trailers-with-sound',
    title: 'Trailers that start with sound',
    hypothesis: 'A trailer with sound is watched to its end and leads to more plays.',
    surface: 'detail.trailer',
    layer: 'detail',
    layerShare: 0.4,
    arms: arms('Muted', 'With sound', 'loud', 'muted'),
    owner: OWNERS.detail,
    tags: ['demo', 'area-detail'],
  },
  household: {
    ...shared,
    key: 'plans-side-by-side',
    title: 'Plans side by side, by household',
    hypothesis:
      'Households that compare plans at a glance choose one more often. All of a household see the same page.',
    surface: 'plans.page',
    clusterBy: 'household',
    layer: 'plans',
    arms: arms('A list', 'Side by side', 'table', 'list'),
    owner: OWNERS.money,
    tags: ['demo'],
  },
  switchback: {
    ...shared,
    key: 'start-in-high-quality',
    title: 'Streams start in high quality, by market and hour',
    hypothesis:
      'A sharp first minute is worth a longer wait. Streams of a market share its network, so markets take turns.',
    surface: 'stream.start',
    unitType: 'market',
    switchback: { slotMinutes: 60 },
    layer: 'network',
    layerShare: 0.5,
    arms: arms('Automatic', 'High at once', 'high', 'auto'),
    owner: OWNERS.player,
    tags: ['demo'],
  },
  scheduled: {
    ...shared,
    key: 'weekend-banner',
    title: 'A banner for the weekend',
    hypothesis: 'On Fridays members look for a film; a banner that names one is played.',
    surface: 'home.banner',
    // Not the layer of the other banner: the calendar says what that leads to.
    layer: 'weekend',
    targeting: { segment: 'evening-phones' },
    arms: arms('Small banner', 'Film of the weekend', 'film', 'small'),
    owner: OWNERS.home,
    tags: ['demo', 'area-banner'],
  },
  paused: {
    ...shared,
    key: 'calmer-title-page',
    title: 'A calmer page of a title',
    hypothesis: 'Fewer pictures bring members to the play button sooner.',
    surface: 'detail.layout',
    layer: 'detail',
    layerShare: 0.3,
    arms: arms('Classic', 'Calm', 'calm', 'classic'),
    owner: OWNERS.detail,
    tags: ['demo', 'area-detail'],
  },
  stopped: {
    ...shared,
    key: 'shorter-synopses',
    title: 'Shorter synopses',
    hypothesis: 'Two lines are read, five are not.',
    surface: 'detail.synopsis',
    layer: 'detail',
    layerShare: 0.2,
    arms: arms('Five lines', 'Two lines', 'short', 'long'),
    owner: OWNERS.detail,
    tags: ['demo', 'area-detail'],
  },
  shipped: {
    ...shared,
    key: 'wide-play-button',
    title: 'A play button that says what it plays',
    hypothesis: '"Play episode 3" is pressed more often than a triangle.',
    surface: 'player.button',
    // The layer "default" stays free for whoever tries the product.
    layer: 'controls',
    layerShare: 0.5,
    arms: arms('Triangle', 'With words', 'words', 'round'),
    owner: OWNERS.player,
    tags: ['demo'],
  },
  archived: {
    ...shared,
    key: 'new-badge',
    title: 'A badge on new titles',
    hypothesis: 'A badge draws attention to what came this week.',
    surface: 'title.badge',
    layer: 'detail',
    layerShare: 0.1,
    arms: arms('No badge', 'Badge', 'badge', 'none'),
    owner: OWNERS.detail,
    tags: ['demo'],
  },
  draft: {
    ...shared,
    key: 'wide-title-page',
    title: 'A wide page of a title, for those with a wide banner',
    hypothesis: 'Who is used to a wide banner expects a wide page behind it.',
    surface: 'detail.layout',
    layer: 'banner',
    // More than is free: the pre-launch checks say so.
    layerShare: 0.5,
    prerequisites: [{ experiment: 'bigger-banner', arms: ['wide'] }],
    arms: arms('Classic', 'Wide', 'wide', 'classic'),
    owner: OWNERS.detail,
    tags: ['demo', 'area-detail'],
  },
} as const satisfies Record<string, Design>;
