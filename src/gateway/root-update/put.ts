import { CountersignError, isCountersignError } from '../../errors.js';
import { encodeCanonical, parseCanonical, parseTargets, type Root } from '../../tuf/index.js';
import type { GatewayAnswer } from '../answer.js';
import type { GatewayCall } from '../call.js';
import { callerOf, type Identity } from '../identify.js';
import { requireRequestSignature } from '../request-signature.js';
import { submissionOf } from './apply.js';
import type { RootUpdateDependencies } from './deps.js';
import { baseOf, stagedOf, unsigned, type Draft } from './draft.js';
import { requireDraft, saveDraft } from './find-draft.js';
import { readPut } from './read-put.js';
import { viewsOf } from './root-views.js';
import { takePut, type PutJudge } from './take-put.js';

/**
 * Takes roots that fioctl puts. fioctl throws its new key away when this fails, and waits with it in a file that it may lose: so
 * nobody is waited for here, and nothing is begun.
 *
 * @throws as takePut, and what the same root update would be refused for if it were asked for now
 */
export async function putRoots(
  deps: RootUpdateDependencies,
  call: GatewayCall,
  identity: Identity,
): Promise<GatewayAnswer> {
  const put = readPut(await call.body());
  const draft = await requireDraft(deps, call, identity, put.txid);
  const content = await takePut(draft, put, await judgeOf(deps, call, identity, draft), deps.clock.now());
  if (draft.content.request !== null) {
    requireSameAsAsked(draft, { ...draft, content });
    return { status: 200, body: {} };
  }
  const changed = { ...draft, content };
  await requirePossible(deps, call, identity, changed);
  await saveDraft(deps, draft, content);
  return { status: 200, body: {} };
}

async function judgeOf(
  deps: RootUpdateDependencies,
  call: GatewayCall,
  identity: Identity,
  draft: Draft,
): Promise<PutJudge> {
  const views = await viewsOf(deps.signing, identity);
  const shown = (root: Root) => views(unsigned(root)).shownAs;
  const shownAs = new Map([...shown(baseOf(draft.content).ci), ...shown(stagedOf(draft).ci)]);
  return {
    shownAs,
    requireSigned: (role, document, { real, made }) =>
      requireRequestSignature(identity, role, document, { shownAs, rootKeys: real, besides: made }, deps.signing),
    targetsBytes: async (of) => {
      const [listing, name] =
        'tag' in of ? [`prod-targets/?tag=${of.tag}`, of.tag] : [`wave-targets/?name=${of.wave}`, of.wave];
      const { value } = parseCanonical(await call.ask(`/ota/factories/${identity.factory}/${listing}`));
      const document =
        typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
          ? value[name]
          : undefined;
      if (document !== undefined) return parseTargets(encodeCanonical(document)).signedBytes;
      throw new CountersignError('FACTORY_ANSWER_INVALID', `the Factory does not show the targets ${name}`);
    },
  };
}

/** What was asked for stays what it is; the same once more does no harm. */
function requireSameAsAsked(before: Draft, after: Draft): void {
  const rootsOf = ({ ci, production }: ReturnType<typeof stagedOf>) =>
    Buffer.concat([encodeCanonical(ci), encodeCanonical(production)]);
  const isSame =
    rootsOf(stagedOf(before)).equals(rootsOf(stagedOf(after))) &&
    JSON.stringify(before.content.adopt) === JSON.stringify(after.content.adopt);
  if (isSame) return;
  throw new CountersignError(
    'REQUEST_STATE',
    `this transaction was asked for already, as request ${before.content.request ?? ''}`,
    { hint: 'Apply or cancel it first: fioctl keys tuf updates apply, or cancel.' },
  );
}

/** Documents without an offline signature: `updates sign-prod-targets` may still name them. */
const LATER = ['RE_SIGN_NOT_SIGNED'];

/** Refused here, while fioctl says that nothing was changed, rather than when it is applied. */
async function requirePossible(
  deps: RootUpdateDependencies,
  call: GatewayCall,
  identity: Identity,
  draft: Draft,
): Promise<void> {
  const key = identity.requestKeys.find(({ id }) => id === draft.content.signedBy);
  // what the Factory's new online keys are is known once it has made them
  if (key === undefined || draft.content.online !== null) return;
  try {
    await deps.signing.submitRootUpdate(
      { ...(await submissionOf(call, draft, deps.clock.now())), dryRun: true },
      callerOf(key),
    );
  } catch (error) {
    if (isCountersignError(error) && LATER.includes(error.code)) return;
    throw error;
  }
}
