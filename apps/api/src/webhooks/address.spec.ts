import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { AllowList, checkedTarget, isPublic } from './address.js';
import type { Address, Resolve } from './address.js';
import { send } from './send.js';
import { newSecret, signatureHeaders } from './signature.js';

const NOBODY = new AllowList([]);
const v4 = (address: string): Address => ({ address, family: 4 });
const names: Readonly<Record<string, readonly Address[]>> = {
  'hooks.example.org': [v4('93.184.215.14')],
  'half.example.org': [v4('93.184.215.14'), v4('10.0.0.8')],
  'six.example.org': [{ address: 'fd00::8', family: 6 }],
  localhost: [v4('127.0.0.1')],
};
const resolve: Resolve = (host) => Promise.resolve(names[host] ?? []);

describe('addresses of webhooks', () => {
  it.each([
    ...['127.0.0.1', '127.255.255.254', '0.0.0.0', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ...[
      '169.254.169.254',
      '100.64.0.1',
      '192.0.0.8',
      '198.18.0.1',
      '224.0.0.1',
      '240.0.0.1',
      '255.255.255.255',
    ],
    ...['::', '::1', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '::ffff:10.0.0.1'],
    ...[
      '::ffff:169.254.169.254',
      '::ffff:a9fe:a9fe',
      '::127.0.0.1',
      '64:ff9b::a00:1',
      '64:ff9b:1::1',
      '2002:7f00:1::',
    ],
    ...['2001:0:1::1', '2001:db8::1', '100::1', 'not an address', ''],
  ])('knows that %p is not public', (address) => {
    expect(isPublic(address)).toBe(false);
  });

  it.each([
    '93.184.215.14',
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '2606:2800:21f:cb07:6820:80da:af6b:8b2c',
  ])('knows that %p is public', (address) => expect(isPublic(address)).toBe(true));

  it.each([
    ['https://2130706433/', 'refused_address'],
    ['https://0x7f.1/', 'refused_address'],
    ['https://017700000001/', 'refused_address'],
    ['https://[::ffff:7f00:1]/', 'refused_address'],
    ['https://[::1]:8080/x', 'refused_address'],
    ['https://localhost./', 'refused_address'],
    ['https://LOCALHOST/', 'refused_address'],
    ['https://169.254.169.254/latest/meta-data', 'refused_address'],
    ['https://half.example.org/', 'refused_address'],
    ['https://six.example.org/', 'refused_address'],
    ['https://nowhere.example.org/', 'unresolvable'],
    ['http://hooks.example.org/', 'invalid_url'],
    ['https://user:word@hooks.example.org/', 'invalid_url'],
    ['ftp://hooks.example.org/', 'invalid_url'],
    ['file:///etc/passwd', 'invalid_url'],
    ['hooks', 'invalid_url'],
  ])('refuses %s as %s', async (url, code) => {
    await expect(checkedTarget(url, NOBODY, resolve)).rejects.toMatchObject({ code });
  });

  it('takes public names, and inside what the installation allows', async () => {
    const pinned = await checkedTarget('https://hooks.example.org/a', NOBODY, resolve);
    expect(pinned.address).toEqual(v4('93.184.215.14'));
    const allow = new AllowList(['10.0.0.0/8', 'localhost', 'fd00::/16', '192.168.7.7']);
    for (const url of [
      'https://half.example.org/',
      'http://10.1.2.3/',
      'http://localhost:99/',
      'https://[fd00::9]/',
    ])
      await expect(checkedTarget(url, allow, resolve)).resolves.toBeDefined();
    await expect(checkedTarget('https://192.168.7.7/', allow, resolve)).resolves.toBeDefined();
    for (const url of ['https://192.168.7.8/', 'https://127.0.0.1/', 'http://hooks.example.org/'])
      await expect(checkedTarget(url, allow, resolve)).rejects.toThrow();
  });
});

describe('sending a webhook', () => {
  const message = { headers: { 'webhook-id': 'msg_1' }, body: '{}' };

  it('connects to the address that was checked, asks for it once per attempt, and follows nothing', async () => {
    const seen: string[] = [];
    const server = http.createServer((request, response) => {
      seen.push(`${request.headers.host ?? ''} ${request.url ?? ''}`);
      if (request.url === '/hang') return;
      if (request.url === '/moved') response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
      else if (request.url === '/endless') {
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'.repeat(1000)), 5);
        response.once('close', () => clearInterval(timer));
      } else response.writeHead(request.url === '/busy' ? 429 : 204, { 'retry-after': '7' }).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    let asked = 0;
    const flips: Resolve = () => Promise.resolve(asked++ === 0 ? [v4('127.0.0.1')] : [v4('10.9.9.9')]);
    const url = `http://hooks.inside:${port}`;
    const inside = { allow: new AllowList(['127.0.0.1']), timeoutMs: 10_000 };
    try {
      expect(await send(`${url}/fine`, message, { ...inside, resolve: flips })).toMatchObject({
        status: 204,
        error: null,
      });
      expect(asked).toBe(1);
      // The name leads elsewhere by now: refused without a connection, although it was fine when it was saved.
      expect(await send(`${url}/fine`, message, { ...inside, resolve: flips })).toMatchObject({
        status: null,
        error: 'refused_address',
      });
      const fixed = { ...inside, resolve: () => Promise.resolve([v4('127.0.0.1')]) };
      expect(await send(`${url}/moved`, message, fixed)).toMatchObject({ status: 302, error: 'redirect' });
      expect(await send(`${url}/busy`, message, fixed)).toMatchObject({
        error: 'http_429',
        retryAfterMs: 7000,
      });
      expect(await send(`${url}/endless`, message, fixed)).toMatchObject({ status: 200, error: null });
      expect(await send(`${url}/hang`, message, { ...fixed, timeoutMs: 200 })).toMatchObject({
        status: null,
        error: 'timeout',
      });
      expect(seen).toHaveLength(5);
      expect(seen[0]).toBe(`hooks.inside:${port} /fine`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
    expect(
      await send(`${url}/fine`, message, { ...inside, resolve: () => Promise.resolve([v4('127.0.0.1')]) }),
    ).toMatchObject({
      status: null,
      error: 'connection (ECONNREFUSED)',
    });
  });

  it('signs as the example of the Standard Webhooks libraries does, with every secret that is valid', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const secrets = [
      { secret, createdAt: '', expiresAt: null },
      { secret: newSecret(), createdAt: '', expiresAt: '2021-02-25T15:02:11Z' },
      { secret: newSecret(), createdAt: '', expiresAt: '2021-02-25T15:02:09Z' },
    ];
    const headers = signatureHeaders(
      { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}', secrets },
      1_614_265_330_000,
    );
    expect(headers['webhook-timestamp']).toBe('1614265330');
    const signatures = headers['webhook-signature']?.split(' ') ?? [];
    expect(signatures[0]).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
    expect(signatures).toHaveLength(2);
    expect(Buffer.from(newSecret().slice(6), 'base64')).toHaveLength(32);
  });
});
