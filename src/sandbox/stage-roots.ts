import { z } from 'zod';
import { encodeCanonical, parseRoot, serializeMetadata } from '../tuf/index.js';
import { changeBy, type Actor } from './actor.js';
import { refuseLockedByWave } from './locked-by-wave.js';
import { refuseUnless } from './parse-body.js';
import { Refusal } from './refusal.js';
import { requireStartedUpdate } from './require-root-update.js';
import { signatureSchema, type RootUpdate, type SandboxState } from './state.js';

const signaturesSchema = z.record(z.string(), z.array(signatureSchema).max(100));

export const stageSchema = z.strictObject({
  txid: z.string().max(100),
  'ci-root': z.record(z.string(), z.unknown()),
  'prod-root': z.record(z.string(), z.unknown()),
  'targets-signatures': signaturesSchema.optional(),
  'waves-signatures': signaturesSchema.optional(),
});
export type StageInput = z.output<typeof stageSchema>;

/** Exactly what fioctl knows; it drops every other member before it signs. */
const SIGNED_MEMBERS = [
  '_type',
  'consistent_snapshot',
  'expires',
  'keys',
  'roles',
  'version',
  'x-changelog',
  'x-key-owners',
];

/**
 * Puts new roots in the place of those staged before. They need not be such as can be applied: people add keys, thresholds
 * and signatures one after the other. Signatures over targets that are left out stay as they were staged.
 *
 * @throws Refusal 404, 403, 409, 400
 */
export function stageRoots(state: SandboxState, input: StageInput, actor: Actor): SandboxState {
  const update = requireStartedUpdate(state, input.txid, actor);
  const rootUpdate: RootUpdate = {
    ...update,
    updated: changeBy(actor),
    ci: rootText(input['ci-root'], '/ci-root'),
    production: rootText(input['prod-root'], '/prod-root'),
    targetsSignatures: input['targets-signatures'] ?? update.targetsSignatures,
    wavesSignatures: input['waves-signatures'] ?? update.wavesSignatures,
  };
  refuseLockedByWave(state, rootUpdate, 400);
  return { ...state, rootUpdate };
}

function rootText(root: unknown, pointer: string): string {
  const metadata = refuseUnless('The root is not valid metadata', pointer, () => parseRoot(encodeCanonical(root)));
  const foreign = Object.keys(metadata.signed).filter((member) => !SIGNED_MEMBERS.includes(member));
  if (foreign.length > 0) {
    const places = foreign.map((member) => `${pointer}/signed/${member}`);
    throw new Refusal(400, 'The root has members that nobody knows', places);
  }
  return serializeMetadata(metadata).toString('utf8');
}
