import { BlockList, isIP } from 'node:net';
import type { ServiceConfig } from '../../config/index.js';
import { proveGateway } from '../service/prove-gateway.js';
import { examine, fail, ok, warn, type Finding } from './finding.js';

const CHECK = 'gateway';
const EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

type Listen = NonNullable<ServiceConfig['gateway']>['listen'];

/**
 * Whether fioctl can be pointed at the gateway: it answers, nobody on the network reads what goes to it, and it passes on to something
 * else than itself.
 *
 * @param factories those that it serves, with the addresses that the policy names
 */
export async function checkGateway(
  { host, port }: Listen,
  factories: readonly { readonly name: string; readonly url: string }[],
): Promise<Finding[]> {
  const looped = factories.filter(({ url }) => isItself(new URL(url), { host, port }));
  return [
    ...(await answers({ host, port })),
    isLoopback(host)
      ? ok(CHECK, `listens on ${host}, so that only this machine reads what goes to it`)
      : warn(
          CHECK,
          `listens on ${host} without TLS: the tokens of all who use fioctl go over the network readable`,
          'listen on 127.0.0.1 and put a proxy in front that ends TLS; in a container, let nothing but that proxy reach the port',
        ),
    ...looped.map(({ name }) =>
      fail(
        CHECK,
        `passes the calls for ${name} on to itself`,
        'sign a policy with the address of the Factory’s own API as its URL',
      ),
    ),
  ];
}

function answers({ host, port }: Listen): Promise<Finding[]> {
  const hint = 'countersign serve with this configuration, or see its log';
  return examine(CHECK, hint, async () => {
    if (port === 0) {
      const todo = 'set a port under `gateway.listen`: fioctl has to be told one that stays';
      return [warn(CHECK, 'takes whatever port is free', todo)];
    }
    const reached = EVERYWHERE[host] ?? host;
    const url = `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
    await proveGateway(url);
    return [ok(CHECK, `answers at ${url}`)];
  });
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function isLoopback(host: string): boolean {
  const family = isIP(host);
  return host === 'localhost' || (family !== 0 && loopback.check(host, family === 6 ? 'ipv6' : 'ipv4'));
}

/** Of plain HTTP, which the gateway speaks and policies allow to this machine alone. */
function isItself(factory: URL, { host, port }: Listen): boolean {
  const isHere = isLoopback(host) || Object.hasOwn(EVERYWHERE, host);
  return factory.protocol === 'http:' && isHere && Number(factory.port || 80) === port;
}
