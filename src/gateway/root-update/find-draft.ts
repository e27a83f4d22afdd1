import { CountersignError } from '../../errors.js';
import type { RequestView } from '../../signing/index.js';
import type { GatewayCall } from '../call.js';
import type { Identity } from '../identify.js';
import type { RootUpdateDependencies } from './deps.js';
import { readDraft, writeDraft, type Draft, type DraftContent } from './draft.js';
import { readUpdates } from './updates-answer.js';

/** The caller's draft, if there is one. */
export async function findDraft(
  { drafts, signing }: Pick<RootUpdateDependencies, 'drafts' | 'signing'>,
  { factory, polisId }: Identity,
): Promise<Draft | null> {
  const stored = await drafts.find(factory, polisId);
  return stored === null ? null : withRequest(signing, readDraft(stored));
}

/** A process that ended between asking and writing that down has left a request that the draft does not name. */
async function withRequest(signing: RootUpdateDependencies['signing'], draft: Draft): Promise<Draft> {
  const { request, signedBy } = draft.content;
  if (request !== null || signedBy === null) return draft;
  const key = (await signing.requestKeys(draft.factory)).find(({ id }) => id === signedBy);
  const asked = key === undefined ? null : await signing.findAsked(draft.id, key);
  return asked === null ? draft : { ...draft, content: { ...draft.content, request: asked.id } };
}

/**
 * The caller's draft, for a step that works on it.
 *
 * @param txid as fioctl sends it: empty for whoever began the transaction
 * @throws NOT_FOUND nothing is under way anywhere, which fioctl takes for an update that was applied
 * @throws FORBIDDEN what is under way at the Factory is somebody else's; another person's txid
 */
export async function requireDraft(
  deps: RootUpdateDependencies,
  call: GatewayCall,
  identity: Identity,
  txid: string,
): Promise<Draft> {
  const draft = await findDraft(deps, identity);
  if (draft === null) throw await noDraft(call);
  if (txid === '' || txid === draft.content.txid) return draft;
  throw new CountersignError('FORBIDDEN', 'Wrong or missing transaction ID', {
    hint: 'Through Countersign nobody works on somebody else’s transaction: officers approve the request that comes of it.',
  });
}

async function noDraft(call: GatewayCall): Promise<CountersignError> {
  if ((await readUpdates(call)).status === 'NONE') {
    return new CountersignError('NOT_FOUND', 'There is no root updates transaction', {
      hint: 'Through Countersign each person has a transaction of their own: begin with fioctl keys tuf updates init.',
    });
  }
  return new CountersignError('FORBIDDEN', 'the root update at the Factory is not one of yours', {
    hint: 'It goes on where it was begun: with Countersign (countersign root status), or at the Factory itself.',
  });
}

/**
 * Stores a draft that was changed.
 *
 * @throws REQUEST_STATE it was changed by another call meanwhile
 */
export async function saveDraft(
  { drafts, clock }: RootUpdateDependencies,
  draft: Draft,
  content: DraftContent,
): Promise<Draft> {
  const changed: Draft = { ...draft, content, revision: draft.revision + 1, at: clock.now().toISOString() };
  if (await drafts.replace(writeDraft(changed))) return changed;
  throw new CountersignError('REQUEST_STATE', 'another command changed this transaction at the same time', {
    hint: 'Look at it with fioctl keys tuf updates review.',
  });
}

/** The request that a draft became: the one in its place, where the Factory had moved on and the same was asked for again. */
export async function requestOf(
  { signing }: Pick<RootUpdateDependencies, 'signing'>,
  { content: { request } }: Draft,
): Promise<RequestView | null> {
  let view = request === null ? null : await signing.get(request);
  while (view?.root?.rebuiltAs != null) view = await signing.get(view.root.rebuiltAs);
  return view;
}
