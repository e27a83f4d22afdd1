import { readNewestRoots } from '../../signer/index.js';
import type { FactoryPort } from '../../signing/index.js';
import type { Root } from '../../tuf/index.js';
import { publishedChain } from '../root/load-roots.js';
import { examine, fail, ok, warn, type Finding } from './finding.js';

/** Roots before it are made by the Factory's server, with its own key. */
const FIRST_OWNED_VERSION = 3;

/** Of the newest root that the Factory publishes, verified from the pinned one on. @param pin sha256 of the first root */
export function checkRootKeys(port: FactoryPort, pin: string): Promise<Finding[]> {
  const check = `root keys of ${port.name}`;
  return examine(check, 'see what the message names', async () => {
    const newest = (await publishedChain(port, 'production', pin)).at(-1);
    return newest === undefined ? [] : judgeRootKeys(check, newest.signed);
  });
}

/** Of the newest roots that a signer has been shown, as its journal knows them; of a Factory of which it has seen none, nothing. */
export function checkKnownRootKeys(stateDir: string): Promise<Finding[]> {
  return examine('root keys', 'keep the journal as it is, and find out what happened to the disk', async () =>
    [...(await readNewestRoots(stateDir))].flatMap(([factory, root]) =>
      judgeRootKeys(`root keys of ${factory} in root ${root.version}, the newest that the signer was shown`, root),
    ),
  );
}

/** Whether a Factory would survive the loss of one root key: who loses root loses the Factory. */
export function judgeRootKeys(check: string, { roles, version }: Root): Finding[] {
  const { keyids, threshold } = roles['root'] ?? { keyids: [], threshold: 1 };
  if (version < FIRST_OWNED_VERSION) {
    const todo = 'countersign root take-ownership --role root';
    return [warn(check, 'the root key is the Factory’s own', todo)];
  }
  if (keyids.length === 1) {
    const todo = 'make a second root key in a second token, then countersign root add-key --role root';
    return [fail(check, 'there is only one: if it is lost, the Factory is', todo)];
  }
  if (threshold >= keyids.length) {
    const todo = 'countersign root add-key --role root, or a lower root threshold';
    return [fail(check, `all ${keyids.length} have to sign: if one is lost, the Factory is`, todo)];
  }
  return [ok(check, `${keyids.length}, of which ${threshold} sign`)];
}
