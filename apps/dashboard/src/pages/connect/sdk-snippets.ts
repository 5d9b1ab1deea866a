import type { Snippet } from './snippets.js';

const EXPOSURE = (origin: string): string => `fetch('${origin}/v1/exposures', {
  method: 'POST',
  keepalive: true,
  headers: {
    Authorization: 'Bearer YOUR_PUBLISHABLE_KEY',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({ decisionId }),
})`;

/** For apps that have a feature-flag SDK already. The key of a flag is that of a surface. */
export const SDK_SNIPPETS: readonly Snippet[] = [
  {
    key: 'openfeature-server',
    title: 'OpenFeature, server',
    code: (origin, surface) => `// npm install @openfeature/server-sdk @openfeature/ofrep-provider
import { OpenFeature } from '@openfeature/server-sdk';
import { OFREPProvider } from '@openfeature/ofrep-provider';

await OpenFeature.setProviderAndWait(new OFREPProvider({
  baseUrl: '${origin}',
  headers: [['Authorization', 'Bearer YOUR_PUBLISHABLE_KEY']],
}));

const { value, flagMetadata } = await OpenFeature.getClient().getObjectDetails(
  '${surface}',
  { items: [] },
  { targetingKey: 'member-1', device: 'tv' },
);

// When it was shown:
const { decisionId } = flagMetadata;
await ${EXPOSURE(origin)};`,
  },
  {
    key: 'openfeature-web',
    title: 'OpenFeature, web',
    code: (origin, surface) => `// npm install @openfeature/web-sdk @openfeature/ofrep-web-provider
import { OpenFeature } from '@openfeature/web-sdk';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';

// Says what was seen, whenever a flag is looked at.
OpenFeature.addHooks({
  after(_hook, { flagMetadata: { decisionId, exposure } }) {
    if (exposure === 'deferred') void ${EXPOSURE(origin).replaceAll('\n', '\n    ')};
  },
});

await OpenFeature.setContext({ targetingKey: 'member-1', device: 'web' });
await OpenFeature.setProviderAndWait(new OFREPWebProvider({
  baseUrl: '${origin}',
  headers: [['Authorization', 'Bearer YOUR_PUBLISHABLE_KEY']],
}));

const value = OpenFeature.getClient().getObjectValue('${surface}', { items: [] });`,
  },
  {
    key: 'growthbook',
    title: 'GrowthBook',
    code: (origin, surface) => `// npm install @growthbook/growthbook
import { GrowthBook } from '@growthbook/growthbook';

const send = (path, body) => fetch('${origin}' + path, {
  method: 'POST',
  keepalive: true,
  headers: {
    Authorization: 'Bearer YOUR_PUBLISHABLE_KEY',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify(body),
});

const gb = new GrowthBook({
  apiHost: '${origin}',
  clientKey: 'YOUR_PUBLISHABLE_KEY',
  // Policies, rows and artwork are decided by the server. Without this
  // line the SDK assigns by itself, experiments with fixed values only.
  remoteEval: true,
  attributes: { id: 'member-1', device: 'tv' },
  trackingCallback: (experiment, { decisionId, featureId }) => {
    if (decisionId) return send('/v1/exposures', { decisionId });
    const { id, ...context } = gb.getAttributes();
    return send('/v1/treatments', {
      unitId: id, context, requests: [{ surface: featureId }], expose: true,
    });
  },
});
await gb.init();
const value = gb.getFeatureValue('${surface}', null);`,
  },
  {
    key: 'ofrep',
    title: 'OFREP',
    code: (origin, surface) => `# What OpenFeature's providers send, in any language.
curl -s ${origin}/ofrep/v1/evaluate/flags/${surface} \\
  -H 'Authorization: Bearer YOUR_PUBLISHABLE_KEY' \\
  -H 'Content-Type: application/json' \\
  -d '{"context": {"targetingKey": "member-1", "device": "tv"}}'`,
  },
];
