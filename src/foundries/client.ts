import { CountersignError } from '../errors.js';
import { factoryNameSchema, tagSchema, waveNameSchema, type Repository } from '../factory/index.js';
import type { FactoryPort, RolloutOptions, WaveInfo } from '../signing/index.js';
import { encodeCanonical, type Signature } from '../tuf/index.js';
import * as answers from './answers.js';
import { createCalls, type FoundriesClientOptions } from './calls.js';
import { createRootUpdateCalls } from './root-update-calls.js';

/** Everything of a Factory's HTTP API that Waves and root updates need. The names of calls are the ones of `FactoryPort`. */
export interface FoundriesClient extends FactoryPort {
  rootUpdateApplying(): Promise<boolean>;
  /** The Wave and its targets metadata whatever its status, or null if there is none of that name. */
  waveWithTargets(name: string): Promise<{ wave: WaveInfo; targets: Buffer | null } | null>;
  /** How far the rollout is; without a name, of the Wave that is active. */
  waveStatus(name?: string): Promise<Record<string, unknown>>;
  /** Adds one more offline signature to a Wave whose threshold is not met yet. */
  signWave(name: string, signatures: readonly Signature[]): Promise<void>;
}

const PAGE_SIZE = 100;
const MAX_PAGES = 1000;
/** A chain longer than this is no Factory's: a server that never says 404. */
const MAX_ROOTS = 10_000;
/** fioctl's default: a device that was not seen for so many hours counts as offline. */
const OFFLINE_THRESHOLD_HOURS = '4';
const ACTIVE_WAVE = '$active$';

/**
 * A client of one Factory's API with one caller's token. Names are checked before they go into an address.
 *
 * Calls throw FACTORY_UNAVAILABLE (no answer, 5xx, 408, 425, 429: GETs were repeated before that, POSTs never are),
 * FACTORY_UNAUTHORIZED (401, 403), FACTORY_NOT_FOUND, FACTORY_REFUSED (other 4xx; the Factory's text in the message,
 * `details.status` and `details.errors`), FACTORY_ANSWER_INVALID, CONFIG_INVALID (token), INPUT_INVALID (names).
 *
 * @throws CONFIG_INVALID, INPUT_INVALID for a URL or Factory name that cannot be one
 */
export function createFoundriesClient(options: FoundriesClientOptions): FoundriesClient {
  const factory = checkName(factoryNameSchema, options.factory, 'Factory name');
  const calls = createCalls(options);
  const repo = `/ota/repo/${encodeURIComponent(factory)}/api/v1/user_repo`;
  const base = `/ota/factories/${encodeURIComponent(factory)}`;
  const wavePath = (name: string): string =>
    `${base}/waves/${encodeURIComponent(checkName(waveNameSchema, name, 'Wave name'))}/`;

  return {
    name: factory,
    url: calls.url,
    ...createRootUpdateCalls(calls, repo, base),

    rootChain: async (repository: Repository, fromVersion) => {
      const query = repository === 'production' ? { production: '1' } : undefined;
      const ask = (version: number) => calls.find(`${repo}/${version}.root.json`, query);
      const roots: Buffer[] = [];
      let next = ask(fromVersion);
      while (roots.length < MAX_ROOTS) {
        // one is always asked for ahead: a chain ends with a 404, and mostly nothing comes before it but the newest root
        const following = ask(fromVersion + roots.length + 1);
        following.catch(() => undefined); // thrown when it is awaited, if it comes to that
        const answer = await next;
        if (answer === null) return roots;
        roots.push(answers.documentOf(answer.body, answer.where));
        next = following;
      }
      throw new CountersignError('FACTORY_ANSWER_INVALID', `Factory ${factory} serves roots without end`);
    },

    ciTargets: async () => {
      const { body, where } = await calls.get(`${repo}/targets.json`);
      return answers.documentOf(body, where);
    },

    productionTargets: async (tag) => {
      const name = checkName(tagSchema, tag, 'tag');
      const answer = await calls.find(`${base}/prod-targets/`, { tag: name });
      return answer === null ? null : answers.memberDocumentOf(answer.body, name, answer.where);
    },

    waveTargets: async (name) => {
      const wave = checkName(waveNameSchema, name, 'Wave name');
      const answer = await calls.find(`${base}/wave-targets/`, { name: wave });
      return answer === null ? null : answers.memberDocumentOf(answer.body, wave, answer.where);
    },

    wave: async (name) => {
      const answer = await calls.find(wavePath(name));
      return answer === null ? null : answers.waveOf(answer.body, answer.where);
    },

    waveWithTargets: async (name) => {
      const answer = await calls.find(wavePath(name), { 'show-targets': '1' });
      if (answer === null) return null;
      return {
        wave: answers.waveOf(answer.body, answer.where),
        targets: answers.memberDocumentOf(answer.body, 'targets', answer.where),
      };
    },

    waves: async (filter = {}) => {
      const waves: WaveInfo[] = [];
      for (let page = 1; page <= MAX_PAGES; page += 1) {
        const query = { limit: String(PAGE_SIZE), page: String(page), ...filter };
        const { body, where } = await calls.get(`${base}/waves/`, query);
        const answer = answers.wavePageOf(body, where);
        waves.push(...answer.waves);
        if (!answer.more || answer.waves.length === 0) return waves;
      }
      throw new CountersignError('FACTORY_ANSWER_INVALID', `Factory ${factory} lists Waves without end`);
    },

    waveStatus: async (name) => {
      const path = name === undefined ? `${base}/waves/${ACTIVE_WAVE}/` : wavePath(name);
      const { body, where } = await calls.get(`${path}status/`, { 'offline-threshold': OFFLINE_THRESHOLD_HOURS });
      return answers.objectOf(body, where);
    },

    createWave: async ({ name, version, tag, metadata }) => {
      const head = encodeCanonical({
        name: checkName(waveNameSchema, name, 'Wave name'),
        tag: checkName(tagSchema, tag, 'tag'),
        version: String(version),
      });
      // The metadata's own bytes go in as they are: what was signed is what is sent.
      const body = [head.subarray(0, -1), Buffer.from(',"targets":'), metadata, Buffer.from('}')];
      await calls.post(`${base}/waves/`, Buffer.concat(body));
    },

    signWave: async (name, signatures) => {
      await calls.post(`${wavePath(name)}sign/`, encodeCanonical({ signatures }));
    },

    cancelWave: async (name) => {
      await calls.post(`${wavePath(name)}cancel/`);
    },

    completeWave: async (name) => {
      await calls.post(`${wavePath(name)}complete/`);
    },

    rolloutWave: async (name, rollout) => {
      const { body, where } = await calls.post(`${wavePath(name)}rollout/`, encodeCanonical(rolloutBody(rollout)));
      return answers.objectOf(body, where);
    },

    onlineTargetsKey: async () => {
      const { body, where } = await calls.get(`${base}/ci-targets.pub`);
      return answers.keyOf(body, where);
    },

    self: async () => {
      const { body, where } = await calls.get(`${base}/users/self/`);
      return answers.selfOf(body, where);
    },

    selfOf: async (token) => {
      const theirs = createCalls({ ...options, token: () => token });
      const { body, where } = await theirs.get(`${base}/users/self/`);
      return answers.selfOf(body, where);
    },

    rootUpdateApplying: async () => {
      const { body, where } = await calls.get(`${repo}/root/updates`);
      return answers.rootUpdateStatusOf(body, where) === 'APPLYING';
    },
  };
}

function rolloutBody(options: RolloutOptions): Record<string, unknown> {
  const { dryRun, ...selection } = options;
  const dry = dryRun ?? false; // whom it would reach is worth the long lists only before it is done
  return { ...selection, 'dry-run': dry, 'return-names': dry, 'return-uuids': dry };
}

function checkName(schema: { safeParse(value: unknown): { success: boolean } }, value: string, what: string): string {
  if (schema.safeParse(value).success) return value;
  throw new CountersignError('INPUT_INVALID', `not a ${what} that an address can hold`, {
    hint: 'Letters, digits and a few signs: the Factory takes it into URLs as it is.',
  });
}
