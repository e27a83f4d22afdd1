/**
 * What it costs that a call goes through the gateway: reads at the Factory itself and through the gateway, by 50 clients at once that take
 * turns; and the same while 100 calls wait there for officers. Factory, service with gateway, and signer are processes of their own.
 * The median through the gateway is to stay within 2 × of that at the Factory, the p99 with calls waiting within 1.5 × of that without.
 */
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Fioctl } from '../scripts/demo/fioctl.js';
import { createRequestKeys, registrationOf } from '../src/cli/request-key/create-keys-file.js';
import { closingOnError } from './closing.js';
import { printTimes, timed } from './measure.js';
import { FACTORY } from './signer-process.js';
import { openSite, type Site } from './site.js';

const CLIENTS = 50;
const WAITING = 100;
const ROUNDS = 20;
/** Calls of each client in a round. */
const CALLS = 10;
const SETTLE_MS = 5000;
/** The smallest answer, of which the way there is the most. */
const PATH = `/ota/factories/${FACTORY}/waves/?limit=20&page=1`;

export async function benchGateway(wanted: number | undefined): Promise<void> {
  const rounds = wanted ?? ROUNDS;
  const site = await closingOnError((closing) => openSite('ed25519', closing));
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const read = (url: string): Promise<void> => get(agent, `${url}${PATH}`, site.factory.token);
  try {
    const [direct, through] = await takeTurns(rounds, [() => read(site.factory.url), () => read(site.gatewayUrl)]);
    printTimes(`${CLIENTS} clients at once: a list of Waves`, [
      { name: 'of the Factory itself', times: direct },
      { name: 'through the gateway', times: through, against: direct },
    ]);
    const waits = await openWaits(site);
    const [directThen, waiting] = await takeTurns(rounds, [() => read(site.factory.url), () => read(site.gatewayUrl)]);
    if (waits.ended > 0) throw new Error(`${waits.ended} clients did not wait`);
    printTimes(`the same while ${WAITING} clients wait for approval`, [
      { name: 'of the Factory itself', times: directThen },
      { name: 'through the gateway', times: waiting, against: through },
    ]);
  } finally {
    agent.destroy();
    await site.close();
  }
}

async function takeTurns(rounds: number, [one, other]: (() => Promise<void>)[]): Promise<[number[], number[]]> {
  const [first, second]: [number[], number[]] = [[], []];
  for (let round = -1; round < rounds; round += 1) {
    for (const [work, times] of [
      [one, first],
      [other, second],
    ] as const) {
      const kept = round < 0 ? [] : times;
      await Promise.all(Array.from({ length: CLIENTS }, () => client(work ?? fail, kept)));
    }
  }
  return [first, second];
}

async function client(work: () => Promise<void>, times: number[]): Promise<void> {
  for (let call = 0; call < CALLS; call += 1) await timed(times, work);
}

/** All of one person, who runs the same command again and again: one request. */
async function openWaits(site: Site): Promise<{ readonly ended: number }> {
  const keys = await createRequestKeys();
  await site.carol.registerRequestKeys(FACTORY, registrationOf(keys, FACTORY, 'carol'), site.factory.token);
  const settings = { url: site.gatewayUrl, factory: FACTORY, token: site.factory.token };
  const extraHeaders = { Prefer: 'wait=3600' };
  const waits = { ended: 0 };
  const offline = keys.map((key) => key.offline);
  for (let waiting = 0; waiting < WAITING; waiting += 1) {
    const end = (): void => void (waits.ended += 1); // when the service stops, with an error
    new Fioctl({ ...settings, extraHeaders }, offline).initWave('waiting', 42, 'waiting').then(end, end);
    await delay(SETTLE_MS / WAITING);
  }
  await delay(SETTLE_MS);
  return waits;
}

function get(agent: Agent, url: string, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, headers: { 'Osf-Token': token } }, (answer) => {
      answer.on('error', reject).on('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`the answer is ${answer.statusCode}`));
      });
      answer.resume();
    });
    outgoing.on('error', reject).end();
  });
}

function fail(): never {
  throw new Error('nothing to measure');
}
