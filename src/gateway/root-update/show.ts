import { parseRoot, type Root } from '../../tuf/index.js';
import type { RequestView } from '../../signing/index.js';
import type { GatewayAnswer } from '../answer.js';
import type { GatewayCall } from '../call.js';
import type { Identity } from '../identify.js';
import type { RootUpdateDependencies } from './deps.js';
import { stagedOf, unsigned, type Draft } from './draft.js';
import { describeIntention, draftIntentions } from './draft-intentions.js';
import { findDraft, requestOf } from './find-draft.js';
import { viewsOf, type RootViews } from './root-views.js';
import { readUpdates, type Updates } from './updates-answer.js';
import { describeProgress } from './describe-progress.js';

/**
 * `GET root/updates` for one caller: what the Factory answers, with both roots as this caller is to see them; and where the caller has a
 * draft, that is what is staged.
 */
export async function showUpdates(
  deps: RootUpdateDependencies,
  call: GatewayCall,
  identity: Identity,
): Promise<GatewayAnswer> {
  const [updates, views, draft] = await Promise.all([
    readUpdates(call),
    viewsOf(deps.signing, identity),
    findDraft(deps, identity),
  ]);
  const { answer } = updates;
  const shown = { ...answer, current: withViews(answer.current, views) };
  const request = draft === null ? null : await requestOf(deps, draft);
  if (draft === null || request?.state === 'delivered') {
    const updated = answer.updated == null ? answer.updated : withViews(answer.updated, views);
    const issues = request === null ? answer['issues'] : { errors: [], warnings: [note(describeProgress(request))] };
    return { status: 200, body: { ...shown, updated, issues } };
  }
  return { status: 200, body: { ...shown, ...draftAnswer(draft, request, updates, views, deps.clock.now()) } };
}

type Roots = Updates['answer']['current'];

function withViews(roots: Roots, views: RootViews): Roots {
  const view = (text: string): string => (text === '' ? '' : views(text).text);
  const production = roots['prod-root'];
  return {
    ...roots,
    'ci-root': view(roots['ci-root']),
    ...(production == null ? {} : { 'prod-root': view(production) }),
  };
}

function draftAnswer(
  draft: Draft,
  request: RequestView | null,
  { answer, current }: Updates,
  views: RootViews,
  now: Date,
): Record<string, unknown> {
  const { content, polisId, at } = draft;
  const staged = stagedOf(draft);
  const changes = draftIntentions(draft, now).map(describeIntention);
  const adopted = [
    ...content.adopt.tags.map((tag) => `Sign production Targets of tag ${tag}`),
    ...content.adopt.waves.map((wave) => `Sign Wave ${wave}`),
  ];
  return {
    status: 'STARTED',
    'first-time': false,
    'change-meta': { 'created-by': polisId, 'created-at': content.began, 'updated-by': polisId, 'updated-at': at },
    amendments: [...changes, ...adopted].map(note),
    issues: { errors: issuesOf(draft, request, current, staged.ci).map(note), warnings: [] },
    updated: {
      'ci-root': views(unsigned(staged.ci)).text,
      'prod-root': views(unsigned(staged.production)).text,
      'online-keys': answer.current['online-keys'],
    },
  };
}

/** What keeps it from being applied. */
function issuesOf(
  { content }: Draft,
  request: RequestView | null,
  current: Updates['current'],
  staged: Root,
): string[] {
  if (request !== null) return [describeProgress(request)];
  const inForce = parseRoot(Buffer.from(current.ci, 'utf8')).signed.version;
  return [
    ...(inForce === staged.version - 1
      ? []
      : ['The roots at the Factory have changed since: cancel this and begin anew']),
    ...(content.signedBy === null ? ['Not signed yet: fioctl keys tuf updates sign -k KEYS.tgz'] : []),
  ];
}

function note(message: string): { kind: string; message: string; args: Record<string, string> } {
  return { kind: 'countersign', message, args: {} };
}
