/**
 * Serves the built dashboard and passes API calls on to MARQUEE_API_URL, so that the browser knows one origin.
 *
 * A local session (MARQUEE_LOCAL_KEY, set by `npm run up` only) needs no sign-in: requests without a key get
 * that one. It is guarded thrice: the server listens on loopback, the Host must name this machine (no DNS
 * rebinding), and the browser must say that the request comes from this very page (no other site can use it).
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import httpProxy from '@fastify/http-proxy';
import fastifyStatic from '@fastify/static';
import Fastify from 'fastify';

const PROXIED = ['/v1', '/ofrep', '/api', '/sub', '/openapi.json', '/docs', '/health'];
const LOCAL_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;
const DEFAULT_ROOT = fileURLToPath(new URL('../../dist/dashboard', import.meta.url));

/** Headers of every answer made here; what the API answers keeps its own. */
function securityHeaders(nonce) {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      `style-src 'self' 'nonce-${nonce}'`,
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self'",
      "manifest-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=()',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
}

/** Whether a request may use the local session's key. */
export function mayUseLocalKey(method, headers) {
  const host = headers.host ?? '';
  if (!LOCAL_HOST.test(host)) return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const origin = headers.origin;
  if (origin !== undefined) return origin === `http://${host}`;
  return method === 'GET' || method === 'HEAD';
}

function withLocalKey(localKey) {
  return (request, headers) => {
    if (localKey === undefined || headers.authorization !== undefined) return headers;
    if (headers['x-api-key'] !== undefined) return headers;
    if (!mayUseLocalKey(request.method, request.headers)) return headers;
    return { ...headers, authorization: `Bearer ${localKey}` };
  };
}

/**
 * @param {{ apiUrl: string, root?: string, localKey?: string }} options
 * @returns {Promise<import('fastify').FastifyInstance>} ready to listen
 */
export async function createDashboardServer({ apiUrl, root = DEFAULT_ROOT, localKey }) {
  const indexFile = join(root, 'index.html');
  if (!existsSync(indexFile)) throw new Error(`The dashboard is not built: ${indexFile} is missing.`);
  const index = freshText(indexFile);
  const app = Fastify({ logger: false, bodyLimit: 8 * 1024 * 1024, forceCloseConnections: true });

  for (const prefix of PROXIED) {
    await app.register(httpProxy, {
      upstream: apiUrl,
      prefix,
      rewritePrefix: prefix,
      replyOptions: {
        rewriteRequestHeaders: withLocalKey(localKey),
        onError: (reply) =>
          reply
            .code(502)
            .type('application/problem+json')
            .send(
              JSON.stringify({
                type: 'about:blank',
                title: 'The API does not answer',
                status: 502,
                code: 'api_unreachable',
              }),
            ),
      },
    });
  }

  await app.register(fastifyStatic, { root, index: false, setHeaders: cacheForever });
  app.addHook('onSend', async (request, reply, payload) => {
    const proxied = PROXIED.some((prefix) => request.url === prefix || request.url.startsWith(`${prefix}/`));
    if (!proxied && !reply.hasHeader('content-security-policy')) reply.headers(securityHeaders('none'));
    return payload;
  });

  const page = (_request, reply) => {
    const nonce = randomBytes(16).toString('base64');
    return reply
      .headers(securityHeaders(nonce))
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(index().replaceAll('{{nonce}}', nonce));
  };
  app.get('/', page);
  app.setNotFoundHandler((request, reply) => {
    const asksForPage = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
    if (asksForPage) return page(request, reply);
    return reply.code(404).send({ type: 'about:blank', title: 'Not found', status: 404, code: 'not_found' });
  });
  return app;
}

/** Reads a file again once it has changed: a new build needs no restart. */
function freshText(file) {
  let text = '';
  let readAt = -1;
  return () => {
    const changedAt = statSync(file).mtimeMs;
    if (changedAt !== readAt) text = readFileSync(file, 'utf8');
    readAt = changedAt;
    return text;
  };
}

/** Built assets carry a hash of their content in the name. */
function cacheForever(reply, path) {
  const hashed = path.includes('/assets/');
  reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
}

async function main() {
  const port = Number(process.env.MARQUEE_DASHBOARD_PORT ?? 4100);
  const app = await createDashboardServer({
    apiUrl: process.env.MARQUEE_API_URL ?? 'http://127.0.0.1:4000',
    ...(process.env.MARQUEE_DASHBOARD_FILES ? { root: process.env.MARQUEE_DASHBOARD_FILES } : {}),
    ...(process.env.MARQUEE_LOCAL_KEY ? { localKey: process.env.MARQUEE_LOCAL_KEY } : {}),
  });
  const stop = () => void app.close().then(() => process.exit(0));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  const address = await app.listen({ host: '127.0.0.1', port });
  process.stdout.write(`${JSON.stringify({ level: 'info', msg: 'dashboard listening', address })}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
}
