import { writeFileSync } from 'node:fs';
import type { RootUpdateBody } from '../../api/index.js';
import type { StatementKey } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import { parsePrivateKey, type OfflineKey } from '../../offline-keys/index.js';
import type { FactoryPort, FirstRootKey } from '../../signing/index.js';

/** Stands in the changelog of the root, for good. */
const MESSAGE = 'Take ownership of root';

export interface FirstTime<Request> {
  readonly request: Request;
  /** The Factory's first root key. */
  readonly key: OfflineKey;
}

export interface FirstTimeOptions {
  readonly reason: string;
  /** Where to keep the key, if anywhere. */
  readonly saveTo?: string | undefined;
  /** The new key, if it is in a token of another signer than the service's own. */
  readonly keys?: StatementKey[] | undefined;
}

/**
 * Takes the first step of a new Factory: begins the root update there, which hands out the Factory's first root key, and asks
 * the service for the update. The service gets the transaction, never the key.
 *
 * @throws FACTORY_REFUSED a root update is under way, or the root is owned already; what asking throws. The transaction is
 *   taken back then
 */
export async function askFirstTime<Request>(
  port: Pick<FactoryPort, 'name' | 'beginRootUpdate' | 'cancelRootUpdate'>,
  api: { submitRootUpdate(factory: string, body: RootUpdateBody): Promise<{ readonly request: Request }> },
  { reason, saveTo, keys }: FirstTimeOptions,
): Promise<FirstTime<Request>> {
  const { txid, firstRoot } = await port.beginRootUpdate({ message: MESSAGE, firstTime: true });
  try {
    if (firstRoot === null) {
      throw new CountersignError('FACTORY_ANSWER_INVALID', 'the Factory did not hand out its first root key', {
        hint: 'its root may have an owner already: look at `countersign root show`',
      });
    }
    if (saveTo !== undefined) saveFirstRoot(saveTo, firstRoot);
    const key = parsePrivateKey(
      { keytype: firstRoot.keytype, keyval: { private: firstRoot.private } },
      'the Factory’s first root key',
    );
    const { request } = await api.submitRootUpdate(port.name, {
      reason,
      intentions: [{ op: 'take-ownership', role: 'root' }],
      transaction: { txid },
      ...(keys === undefined ? {} : { keys }),
    });
    return { request, key };
  } catch (error) {
    // nobody else can go on with it, and it would be in everybody's way
    await port.cancelRootUpdate().catch(() => undefined);
    throw error;
  }
}

/** Never over a file that is there. @throws USAGE */
function saveFirstRoot(path: string, { keytype, private: secret }: FirstRootKey): void {
  try {
    writeFileSync(path, JSON.stringify({ keytype, keyval: { private: secret } }), { mode: 0o600, flag: 'wx' });
  } catch {
    throw new CountersignError('USAGE', `${path} cannot be written, or is there already`, { details: { path } });
  }
}
