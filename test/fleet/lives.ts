import type { ApiClient } from '../../src/api/client/index.js';
import { encodeRejection, NAMESPACES, type Namespace } from '../../src/approval/index.js';
import { isCountersignError } from '../../src/errors.js';
import { createFoundriesClient } from '../../src/foundries/index.js';
import { sha256Hex } from '../../src/tuf/index.js';
import type { Oracle } from '../support/oracle.js';
import type { Random } from '../support/seeded-random.js';
import type { Caller, Callers } from './callers.js';
import type { Fleet, OfficerName } from './fleet.js';

interface Wave {
  readonly name: string;
  readonly tag: string;
  readonly version: number;
}

/** A request as those who dealt with it know it, by the answers that they got. */
export interface Life extends Wave {
  readonly id: string;
  /** How many times it was asked for again and answered with the request that was there. */
  readonly askedAgain: number;
  /** As the event log tells of them, e.g. `approved by alice`. */
  readonly decisions: ReadonlySet<string>;
  /** How it has to end. */
  readonly end: 'delivered' | 'rejected' | 'cancelled';
}

/** What becomes of requests; `contested`: enough officers approve it, and another rejects it at the same time. */
const PLANS = [
  ...['approved', 'approved', 'approved', 'approved', 'approved', 'approved', 'approved'],
  ...['rejected', 'cancelled', 'contested'],
] as const;

/** What the sandbox's CI has built. */
const FIRST_VERSION = 40;
const LAST_VERSION = 45;
/** How long one call waits for the end of a request. */
const WAIT_SECONDS = 5;

export interface Load {
  /** Rejects when something went wrong in a lane; never resolves. */
  readonly failed: Promise<never>;
  /** Lets every lane take the decisions that are due for its last request, and not wait for what becomes of them. */
  stop(): Promise<Life[]>;
}

/** Lanes of Waves, in each one after the other: asked for, decided upon, waited for, completed at the Factory. */
export async function startLoad(
  fleet: Fleet,
  callers: Callers,
  oracle: Oracle,
  { lanes, random }: { lanes: number; random: Random },
): Promise<Load> {
  const people = await signIn(fleet, callers);
  const ci = callers.as(fleet.ciToken);
  const watcher = callers.watching(fleet.ciToken);
  const { token } = fleet.factory;
  const factory = createFoundriesClient({ ...fleet.factory, token: () => token, userAgent: 'test', timeoutMs: 60_000 });
  const lives: Life[] = [];
  let stopping = false;
  const isStopping = (): boolean => stopping;
  const done = Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  const failed = done.then(() => new Promise<never>(() => undefined));
  failed.catch(() => undefined); // looked at while it matters
  return {
    failed,
    stop: async () => {
      stopping = true;
      await done;
      return lives;
    },
  };

  async function lane(number: number): Promise<void> {
    let [version, tags] = [LAST_VERSION, 0];
    for (let count = 1; !isStopping(); count += 1) {
      const last = version;
      version += 1 + random(2);
      // A tag's versions only rise; when there are no more of them, the next tag begins.
      if (version > LAST_VERSION) [version, tags] = [FIRST_VERSION, tags + 1];
      const life = await live({ name: `w-${number}-${count}`, tag: `tag-${number}-${tags}`, version });
      lives.push(life);
      if (isStopping()) return;
      await ended(life.id);
      if (life.end === 'delivered') await complete(life.name);
      else version = version > last ? last : FIRST_VERSION - 1; // it may be asked for again
    }
  }

  async function live(wave: Wave): Promise<Life> {
    const { id, askedAgain } = await ask(wave);
    const text = await ci((api) => api.statement(id));
    const decisions = new Set<string>();
    const decide = async (person: OfficerName, what: string, decision: (api: ApiClient) => Promise<unknown>) => {
      const taken = await isTaken(people.get(person), decision);
      if (taken) decisions.add(`${what} by ${person}`);
      return taken;
    };
    const approve = (person: OfficerName) => {
      const sshsig = sign(person, NAMESPACES.approve, text);
      return decide(person, 'approved', (api) => api.approve(id, { sshsig }));
    };
    const reject = (person: OfficerName) => {
      const rejection = encodeRejection({ statementSha256: sha256Hex(text), reason: 'not now' }).toString('utf8');
      const sshsig = sign(person, NAMESPACES.reject, rejection);
      return decide(person, 'rejected', (api) => api.reject(id, { rejection, sshsig }));
    };
    const life = { ...wave, id, askedAgain, decisions };
    switch (PLANS[random(PLANS.length)] ?? 'approved') {
      case 'approved':
        await Promise.all([approve('alice'), approve('bob').then(() => approve('bob'))]);
        return { ...life, end: 'delivered' };
      case 'rejected':
        await Promise.all([approve('alice'), reject('carol'), reject('carol')]);
        return { ...life, end: 'rejected' };
      case 'cancelled':
        await Promise.all([approve('bob'), ci((api) => api.cancel(id, { reason: 'not needed any more' }))]);
        return { ...life, end: 'cancelled' };
      case 'contested': {
        const [rejected] = await Promise.all([reject('carol'), approve('alice'), approve('bob')]);
        return { ...life, end: rejected ? 'rejected' : 'delivered' };
      }
    }
  }

  /** Now and then twice at once, with an Idempotency-Key or without one: it is one request all the same. */
  async function ask({ name, tag, version }: Wave): Promise<Pick<Life, 'id' | 'askedAgain'>> {
    const more = random(2) === 0 ? {} : { idempotencyKey: `key-${name}` };
    const body = { name, tag, version, reason: 'under load' };
    const submit = () => ci((api) => api.submitWave(fleet.factory.factory, body, more));
    const answers = await Promise.all(random(3) === 0 ? [submit(), submit()] : [submit()]);
    const [id = '', ...others] = new Set(answers.map(({ request }) => request.id));
    if (others.length === 0) return { id, askedAgain: answers.filter(({ created }) => !created).length };
    throw new Error(`Wave ${name} became several requests: ${[id, ...others].join(', ')}`);
  }

  function sign(person: OfficerName, namespace: Namespace, message: string): string {
    oracle.hear(person, namespace, message);
    return fleet.officers.get(person)?.sign(namespace, message) ?? '';
  }

  /** By whoever runs the Factory; a lost answer says nothing, so they look. */
  async function complete(name: string): Promise<void> {
    while ((await factory.wave(name))?.status !== 'complete') {
      await factory.completeWave(name).catch((error: unknown) => {
        if (!isCountersignError(error, 'FACTORY_UNAVAILABLE')) throw error;
      });
    }
  }

  async function ended(id: string): Promise<void> {
    for (let state = ''; state !== 'delivered' && state !== 'closed';) {
      ({ state } = await watcher((api) => api.request(id, { waitSeconds: WAIT_SECONDS })));
    }
  }
}

/** False for a decision that came when the request had its end already. */
async function isTaken(caller: Caller | undefined, decision: (api: ApiClient) => Promise<unknown>): Promise<boolean> {
  try {
    await caller?.(decision);
    return true;
  } catch (error) {
    if (isCountersignError(error, 'REQUEST_STATE')) return false;
    throw error;
  }
}

async function signIn({ officers }: Fleet, callers: Callers): Promise<Map<OfficerName, Caller>> {
  const people = new Map<OfficerName, Caller>();
  const anybody = callers.as();
  for (const [person, key] of officers) {
    const { challenge } = await anybody((api) => api.loginChallenge({ publicKey: key.line }));
    const { session } = await anybody((api) => api.login({ challenge, sshsig: key.sign(NAMESPACES.login, challenge) }));
    people.set(person, callers.as(session));
  }
  return people;
}
