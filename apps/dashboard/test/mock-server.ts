import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from './mock-api.js';

/**
 * Recorded answers over HTTP, for the dashboard's own proxy: a page whose requests the test answers itself may keep
 * nothing in its cache, and would compile the application anew at every address.
 */
export async function serveMockApi(): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const sent = Buffer.concat(chunks).toString();
      const url = new URL(request.url ?? '/', 'http://mock');
      const { status, body } = answer(request.method ?? 'GET', url, sent === '' ? {} : JSON.parse(sent));
      const type = status < 400 ? 'application/json' : 'application/problem+json';
      response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
