import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CountersignError } from '../../errors.js';
import { encodeCanonical, formatTime, parseRoot } from '../../tuf/index.js';
import type { GatewayAnswer } from '../answer.js';
import type { GatewayCall } from '../call.js';
import type { Identity } from '../identify.js';
import { reasonOf } from '../reason.js';
import type { RootUpdateDependencies } from './deps.js';
import { stagedOf, writeDraft, type Draft } from './draft.js';
import { isUntouched } from './draft-intentions.js';
import { findDraft, requestOf } from './find-draft.js';
import { parseBody } from './read-put.js';
import { viewsOf, type RootViews } from './root-views.js';
import { readUpdates, type Updates } from './updates-answer.js';

const bodySchema = z.strictObject({
  message: z.string().min(1).max(10_000),
  'first-time': z.boolean().default(false),
  shortcut: z.boolean().default(false),
});

const TXID_BYTES = 6;
const MAX_REASON_CHARS = 1000;

/**
 * Begins a root update: makes a draft of the roots in force. At the Factory nothing is begun before it was asked for whole.
 *
 * @throws FORBIDDEN first-time, or no key of the tokens is in the role root; REQUEST_KEY_MISSING; ROOT_UPDATE_ACTIVE
 */
export async function beginDraft(
  deps: RootUpdateDependencies,
  call: GatewayCall,
  identity: Identity,
): Promise<GatewayAnswer> {
  const { message, 'first-time': firstTime } = parseBody(bodySchema, await call.body());
  if (firstTime) {
    throw new CountersignError('FORBIDDEN', 'the Factory’s first root key is not handed out through the gateway', {
      hint: `Use: countersign contribute --first-time --factory ${identity.factory}`,
    });
  }
  const updates = await readUpdates(call);
  await requireFree(deps, identity, updates);
  const views = await viewsOf(deps.signing, identity);
  const base = {
    ci: rootText(updates.current.ci),
    production: rootText(updates.current.production ?? updates.current.ci),
    onlineTargetsKeyid: updates.current.onlineTargetsKeyid,
  };
  requireRootKey(identity, views, updates.current.ci);
  const now = deps.clock.now();
  const draft: Draft = {
    factory: identity.factory,
    polisId: identity.polisId,
    id: randomBytes(16).toString('hex'),
    revision: 1,
    at: now.toISOString(),
    content: {
      txid: randomBytes(TXID_BYTES).toString('hex').toUpperCase(),
      message: plain(message),
      reason: reasonOf(call, `fioctl: ${message}`).slice(0, MAX_REASON_CHARS),
      began: formatTime(now),
      base,
      put: null,
      signedBy: null,
      adopt: { tags: [], waves: [] },
      online: null,
      request: null,
    },
  };
  stagedOf(draft); // refuses what cannot be built upon
  if (!(await deps.drafts.create(writeDraft(draft)))) throw active([]);
  return { status: 201, body: { txid: draft.content.txid } };
}

/** A draft in which nothing was done yet, or whose request is delivered, makes room for the new one. */
async function requireFree(deps: RootUpdateDependencies, identity: Identity, { status }: Updates): Promise<void> {
  const own = await findDraft(deps, identity);
  const request = own === null ? null : await requestOf(deps, own);
  if (own !== null && !isUntouched(own.content) && request?.state !== 'delivered') {
    const asked = request === null ? 'nothing was asked for yet' : `it became request ${request.id}`;
    throw active([`Yours, of ${own.content.began}: ${own.content.message}; ${asked}.`, GIVE_UP]);
  }
  if (status !== 'NONE') {
    throw active([await describeOther(deps, identity)]);
  }
  if (own !== null) await deps.drafts.remove(own);
}

/** What the transaction at the Factory is that is in the way. */
async function describeOther({ signing }: RootUpdateDependencies, { factory }: Identity): Promise<string> {
  const { request: id } = await signing.rootTransaction(factory);
  if (id === null)
    return 'It was begun at the Factory itself, not through Countersign: it has to be applied or cancelled there.';
  const { state } = await signing.get(id);
  return state === 'closed' || state === 'abandoned'
    ? `It is of Countersign’s request ${id}, which came to nothing, and is being taken back: try again in a moment.`
    : `It is of Countersign’s request ${id}: wait until it is delivered, or have it cancelled.`;
}

const GIVE_UP = 'Give it up with: fioctl keys tuf updates cancel';

function active(errors: readonly string[]): CountersignError {
  return new CountersignError('ROOT_UPDATE_ACTIVE', 'A root updates transaction is already active', {
    details: { errors },
  });
}

function requireRootKey({ factory, requestKeys }: Identity, views: RootViews, text: string): void {
  if (!requestKeys.some(({ role }) => role === 'root')) {
    throw new CountersignError('REQUEST_KEY_MISSING', 'your account has no request key for root in this Factory', {
      hint: `Make one: countersign request-key create --for NAME --factory ${factory} --out keys.tgz`,
    });
  }
  if ([...views(text).shownAs.values()].some(({ role }) => role === 'root')) return;
  throw new CountersignError('FORBIDDEN', 'no root key in force is in a token of Countersign', {
    hint: `Use: countersign contribute --first-time --factory ${factory} (new Factory), or countersign root rotate-key --role root`,
  });
}

function rootText(text: string): string {
  return encodeCanonical(parseRoot(Buffer.from(text, 'utf8')).signed).toString('utf8');
}

/** What a changelog may say: characters that every verifier agrees on. */
function plain(message: string): string {
  const text = message.replace(/[^\x20-\x25\x27-\x3b\x3d\x3f-\x7e]+/g, ' ').trim();
  return text.slice(0, 900) || 'fioctl';
}
