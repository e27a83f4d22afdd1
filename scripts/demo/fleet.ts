import { checkAsDevice } from '../../src/sandbox/index.js';
import {
  parseRoot,
  parseTargets,
  verifyRootChain,
  verifyRootUpdate,
  verifyTargets,
  type RootMetadata,
} from '../../src/tuf/index.js';
import { firstLine, type Installation } from './installation.js';

const HARDWARE = ['intel-corei7-64', 'raspberrypi4-64'];

/** What a step published, for devices to look at. */
export interface Look {
  /** Null as long as there was no Wave. */
  readonly tag: string | null;
  /** An active Wave; null for the tag's production targets. */
  readonly wave: string | null;
}

export interface Fleet {
  /**
   * Looks at what the Factory publishes as devices do that looked after each step before, and as devices that never
   * looked since root 1 was put into their image: of production, and of CI.
   *
   * @returns one line that says what they saw
   * @throws Error when any of them refuses it
   */
  readonly look: (look: Look) => Promise<string>;
}

type Repository = 'ci' | 'production';

export function createFleet({ ports, factory, path }: Installation): Fleet {
  const base = `http://127.0.0.1:${ports.factory}`;
  const repo = `/ota/repo/${factory}/api/v1/user_repo`;
  /** The root that a device has taken last. */
  const followed = new Map<Repository, RootMetadata>();
  let lastTargetsVersion = 0;

  return { look };

  async function look({ tag, wave }: Look): Promise<string> {
    const ci = await chainOf('ci');
    const production = await chainOf('production');
    const now = new Date();
    const targets = await get(`${repo}/targets.json`);
    if (targets === null) throw new Error('there are no CI targets');
    for (const root of [follow('ci', ci), verifyRootChain(ci, { now })]) {
      verifyTargets(root, parseTargets(targets), { now });
    }
    const roots = [follow('production', production), verifyRootChain(production, { now })];
    if (tag === null) return `root ${roots[0]?.signed.version ?? 0}, taken step by step, and from root 1 on at once`;
    const published = await targetsOf(tag, wave);
    for (const root of roots) verifyTargets(root, parseTargets(published), { now });
    const bytes = production.map((root) => root.bytes);
    const installed = wave === null ? null : lastTargetsVersion;
    for (const hardwareId of HARDWARE) {
      for (const seen of [installed, null]) {
        const device = { hardwareId, tag, installedVersion: seen, lastTargetsVersion: seen ?? 0 };
        const verdict = checkAsDevice({ roots: bytes, targets: published }, device, now);
        if (!verdict.accepted) {
          throw new Error(`a device refuses it: ${verdict.reasons.map(({ message }) => message).join('; ')}`);
        }
      }
    }
    const { version } = parseTargets(published).signed;
    lastTargetsVersion = Math.max(lastTargetsVersion, version);
    return `root ${roots[0]?.signed.version ?? 0} and targets ${version}, taken step by step, and from root 1 on at once`;
  }

  /** As a device that was there all the time: only the roots that are new to it, each by the one before (5.3). */
  function follow(repository: Repository, chain: readonly RootMetadata[]): RootMetadata {
    const [first, ...later] = chain;
    if (first === undefined) throw new Error(`there is no ${repository} root`);
    let trusted = followed.get(repository) ?? first;
    for (const next of later) {
      if (next.signed.version <= trusted.signed.version) continue;
      verifyRootUpdate(trusted, next);
      trusted = next;
    }
    followed.set(repository, trusted);
    return trusted;
  }

  async function chainOf(repository: Repository): Promise<(RootMetadata & { bytes: Buffer })[]> {
    const chain: (RootMetadata & { bytes: Buffer })[] = [];
    for (;;) {
      const query = repository === 'production' ? '?production=1' : '';
      const bytes = await get(`${repo}/${chain.length + 1}.root.json${query}`);
      if (bytes === null) return chain;
      chain.push({ ...parseRoot(bytes), bytes });
    }
  }

  async function targetsOf(tag: string, wave: string | null): Promise<Buffer> {
    const query = wave === null ? `prod-targets/?tag=${tag}` : `wave-targets/?name=${wave}`;
    const answer = await get(`/ota/factories/${factory}/${query}`);
    const documents = JSON.parse(String(answer)) as Record<string, unknown>;
    return Buffer.from(JSON.stringify(documents[wave ?? tag]));
  }

  async function get(where: string): Promise<Buffer | null> {
    const bearer = firstLine(path('people', 'auditor', 'factory.token'));
    const answer = await fetch(`${base}${where}`, { headers: { 'Osf-Token': bearer } });
    return answer.ok ? Buffer.from(await answer.arrayBuffer()) : null;
  }
}
