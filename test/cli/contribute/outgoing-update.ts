import { requireKind, verifyDossier, type VerifiedRootDossier } from '../../../src/dossier/index.js';
import type { OfflineKey } from '../../../src/offline-keys/index.js';
import { ed25519FromSeed } from '../../support/ed25519-from-seed.js';
import { CHANGELOG, KEYS, replaceKey } from '../../support/root-base.js';
import { createRootFixture } from '../../support/root-fixture.js';
import { tufKey } from '../../support/tuf-key.js';

const SEED = 'an old root key';

/** A root key that lies in a file. */
export const OUTGOING = tufKey('ED25519', SEED);
export const OFFLINE: OfflineKey = {
  from: 'tufrepo/keys/offline-root.sec',
  key: OUTGOING.key,
  privateKey: ed25519FromSeed(SEED).privateKey,
};
export const NEW_KEYID = KEYS.spare[0].keyid;

/** A verified request that puts a key in a token in the place of that one. */
export async function outgoingUpdate(approvals: readonly string[] = []): Promise<VerifiedRootDossier> {
  const fixture = createRootFixture({ root: [OUTGOING] });
  const update = await fixture.update([replaceKey('root', OUTGOING, KEYS.spare[0]), CHANGELOG], {
    outside: [OUTGOING],
  });
  const lines = await fixture.dossier({ update, approvals });
  return requireKind(await verifyDossier(lines, fixture.pins, fixture.now), 'root');
}
