import { z } from 'zod';
import { CountersignError, isCountersignError } from '../../errors.js';
import type { RequestView, RootIntentions } from '../../signing/index.js';
import type { GatewayAnswer } from '../answer.js';
import type { GatewayCall } from '../call.js';
import { endedOtherwise, stillWaiting } from '../explain-request.js';
import { callerOf, type Identity } from '../identify.js';
import { waitInline } from '../wait-inline.js';
import type { RootUpdateDependencies } from './deps.js';
import { baseOf, type Draft } from './draft.js';
import { draftIntentions } from './draft-intentions.js';
import { requestOf, requireDraft, saveDraft } from './find-draft.js';
import { parseBody } from './read-put.js';

const bodySchema = z.strictObject({ txid: z.string().max(100) });

const AGAIN = 'Then run: fioctl keys tuf updates apply';

/**
 * Asks for what a draft says, once, and waits as long as the caller wants to. 200 is answered when the new roots are published and
 * verified, and never before.
 */
export async function applyDraft(
  deps: RootUpdateDependencies,
  call: GatewayCall,
  identity: Identity,
): Promise<GatewayAnswer> {
  const { txid } = parseBody(bodySchema, await call.body());
  const draft = await requireDraft(deps, call, identity, txid);
  const asked = draft.content.request === null ? await ask(deps, call, identity, draft) : draft;
  return waitFor(deps, call, asked);
}

async function ask(deps: RootUpdateDependencies, call: GatewayCall, identity: Identity, draft: Draft): Promise<Draft> {
  const { signedBy } = draft.content;
  if (signedBy === null) {
    throw new CountersignError('REQUEST_SIGNATURE_REFUSED', 'the transaction is not signed yet', {
      hint: 'Sign it: fioctl keys tuf updates sign -k KEYS.tgz',
    });
  }
  const key = identity.requestKeys.find(({ id }) => id === signedBy);
  if (key === undefined) {
    throw new CountersignError('REQUEST_SIGNATURE_REFUSED', 'the request key that signed this was revoked since', {
      hint: 'Cancel it, and begin anew with another key: fioctl keys tuf updates cancel',
    });
  }
  const submission = await submissionOf(call, draft, deps.clock.now());
  // the draft's id: should the answer be lost, or this process end here, the same request is found again
  const asked = { ...submission, idempotencyKey: draft.id };
  const { request } = await deps.signing.submitRootUpdate(asked, callerOf(key)).catch(tellHowToAdopt);
  return saveDraft(deps, draft, { ...draft.content, request: request.id });
}

/** Documents are adopted by fioctl's own command here. */
function tellHowToAdopt(error: unknown): never {
  if (!isCountersignError(error, 'RE_SIGN_NOT_SIGNED')) throw error;
  throw new CountersignError(error.code, error.message, {
    hint: 'Read it, and if all that it says is right: fioctl keys tuf updates sign-prod-targets -k KEYS.tgz, then apply',
    cause: error,
  });
}

/** What a draft asks for, as the service takes it. @throws PassedOn, FACTORY_…, and as readIntentions */
export async function submissionOf(call: GatewayCall, draft: Draft, now: Date): Promise<RootIntentions> {
  const { reason, adopt } = draft.content;
  const waves: { tag: string; wave: string }[] = [];
  for (const wave of adopt.waves) waves.push({ tag: await tagOf(call, wave), wave });
  return {
    factory: draft.factory,
    reason,
    rootVersion: baseOf(draft.content).ci.version + 1,
    intentions: draftIntentions(draft, now),
    adopt: [...adopt.tags.map((tag) => ({ tag, wave: null })), ...waves],
  };
}

const waveSchema = z.looseObject({ tag: z.string() });

async function tagOf({ ask, factory: { name } }: GatewayCall, wave: string): Promise<string> {
  const body = await ask(`/ota/factories/${name}/waves/${wave}/`);
  return waveSchema.parse(JSON.parse(body.toString('utf8'))).tag;
}

async function waitFor(deps: RootUpdateDependencies, call: GatewayCall, draft: Draft): Promise<GatewayAnswer> {
  for (;;) {
    const request = await requestOf(deps, draft);
    if (request === null) throw new CountersignError('REQUEST_NOT_FOUND', 'the request of this transaction is gone');
    const after = await waitInline(call, request, deps);
    // in its place another may stand by now, if the Factory had moved on
    if ((await requestOf(deps, draft))?.id === request.id) return answerOf(deps, draft, after);
  }
}

async function answerOf(deps: RootUpdateDependencies, draft: Draft, request: RequestView): Promise<GatewayAnswer> {
  if (request.state === 'delivered') {
    await deps.drafts.remove(draft);
    return { status: 200, body: {} };
  }
  return request.progress === 'done'
    ? endedOtherwise(request)
    : stillWaiting(request, deps.signing.policy().policy, AGAIN);
}
