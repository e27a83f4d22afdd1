import type { FuzzTarget } from './fuzz-target.js';
import { canonicalTarget } from './targets/canonical.js';
import { documentTargets } from './targets/documents.js';
import { dossierTargets } from './targets/dossier.js';
import { dossierLinesTarget } from './targets/dossier-lines.js';
import { formTarget } from './targets/form.js';
import { gatewayCallsTarget } from './targets/gateway-calls.js';
import { gatewayPathsTarget } from './targets/gateway-paths.js';
import { httpTargets } from './targets/http-api.js';
import { journalTarget } from './targets/journal.js';
import { listTarget } from './targets/list.js';
import { metadataTarget } from './targets/metadata.js';
import { offlineKeysTarget } from './targets/offline-keys.js';
import { policyTarget } from './targets/policy.js';
import { signerTargets } from './targets/signer-socket.js';
import { sshKeyTarget } from './targets/ssh-key.js';
import { sshsigTarget } from './targets/sshsig.js';
import { stickTarget } from './targets/stick.js';
import { textTarget } from './targets/text.js';

/** Readers of bytes, called as functions. */
export const READERS: readonly FuzzTarget[] = [
  ...[canonicalTarget, metadataTarget, textTarget, sshsigTarget, sshKeyTarget, policyTarget, ...documentTargets],
  ...[
    dossierLinesTarget,
    ...dossierTargets,
    journalTarget,
    formTarget,
    listTarget,
    offlineKeysTarget,
    stickTarget,
    gatewayPathsTarget,
  ],
];

export function allTargets(): FuzzTarget[] {
  return [...READERS, ...httpTargets, gatewayCallsTarget, ...signerTargets];
}
