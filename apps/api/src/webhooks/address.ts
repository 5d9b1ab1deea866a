import dns from 'node:dns/promises';
import net from 'node:net';
import { withDeadline } from '../queues/deadline.js';

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}
export type Resolve = (host: string) => Promise<readonly Address[]>;

/** Why an address is refused; the words are for the person who typed it. */
export class RefusedAddress extends Error {
  constructor(
    readonly code: 'invalid_url' | 'refused_address' | 'unresolvable',
    message: string,
  ) {
    super(message);
  }
}

const DNS_MS = 5_000;

/** IPv4 that is not the public internet: IANA's special-purpose registry, multicast and the reserved block. */
const NOT_PUBLIC_4 = blockList('ipv4', [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
]);
/** The only IPv6 that is routed publicly; loopback, link-local, unique-local and mapped addresses lie outside of it. */
const PUBLIC_6 = blockList('ipv6', ['2000::/3']);
/** Inside of it: tunnels that carry an IPv4 address (Teredo, 6to4), benchmarks, documentation. */
const NOT_PUBLIC_6 = blockList('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

function blockList(type: 'ipv4' | 'ipv6', ranges: readonly string[]): net.BlockList {
  const list = new net.BlockList();
  for (const range of ranges) {
    const [address = '', bits = ''] = range.split('/');
    list.addSubnet(address, Number(bits), type);
  }
  return list;
}

/** Whether an address belongs to the public internet. Text that is no address does not. */
export function isPublic(address: string): boolean {
  if (net.isIPv4(address)) return !NOT_PUBLIC_4.check(address, 'ipv4');
  if (!net.isIPv6(address) || address.includes('%')) return false;
  return PUBLIC_6.check(address, 'ipv6') && !NOT_PUBLIC_6.check(address, 'ipv6');
}

/** Targets in the own network that an installation allows: host names, addresses, CIDR ranges. */
export class AllowList {
  private readonly hosts = new Set<string>();
  private readonly ranges = new net.BlockList();

  /** @throws Error for a range that is none. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const [address = '', bits] = entry.split('/');
      const version = net.isIP(address);
      if (version === 0) this.hosts.add(entry.toLowerCase());
      else
        this.ranges.addSubnet(
          address,
          bits === undefined ? (version === 4 ? 32 : 128) : Number(bits),
          version === 4 ? 'ipv4' : 'ipv6',
        );
    }
  }

  allowsHost(host: string): boolean {
    return this.hosts.has(host);
  }

  allowsAddress({ address, family }: Address): boolean {
    return this.ranges.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }
}

export const resolveByDns: Resolve = async (host) =>
  (await dns.lookup(host, { all: true, verbatim: true })) as readonly Address[];

export interface Target {
  readonly url: URL;
  /** Where to connect to: checked, and not looked up a second time. */
  readonly address: Address;
}

/**
 * The address that a webhook may be sent to. Asked when it is saved and again each time that it is sent, because names
 * change. Every address of the name must be allowed; the first is the one to connect to.
 * @throws RefusedAddress
 */
export async function checkedTarget(
  text: string,
  allow: AllowList,
  resolve: Resolve = resolveByDns,
): Promise<Target> {
  const url = urlOf(text);
  // The parser has made 127.0.0.1 of 2130706433, 0x7f.1 and the like.
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const addresses = await lookUp(host, resolve);
  const named = allow.allowsHost(host);
  const internal = addresses.filter((address) => !isPublic(address.address));
  if (!named && internal.some((address) => !allow.allowsAddress(address)))
    throw new RefusedAddress(
      'refused_address',
      `${host} leads to an address that is not on the public internet; MARQUEE_WEBHOOK_ALLOW lists what is allowed inside`,
    );
  if (url.protocol === 'http:' && !named && internal.length === 0)
    throw new RefusedAddress('invalid_url', 'must be an https:// address');
  return { url, address: addresses[0] as Address };
}

/** @throws RefusedAddress */
function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new RefusedAddress('invalid_url', 'must be an https:// address');
  if (url.username !== '' || url.password !== '')
    throw new RefusedAddress('invalid_url', 'must not contain a user name or a password');
  return url;
}

async function lookUp(host: string, resolve: Resolve): Promise<readonly Address[]> {
  const version = net.isIP(host);
  if (version !== 0) return [{ address: host, family: version === 4 ? 4 : 6 }];
  const found = await withDeadline(resolve(host), DNS_MS).catch(() => []);
  if (found.length === 0) throw new RefusedAddress('unresolvable', `${host} has no address`);
  return found;
}
