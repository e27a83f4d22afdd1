import type { RequestView } from '../api/index.js';
import { plain } from './terminal/output.js';

/** A request as the service tells it, for a terminal. What it says of approvals is the service's word. */
export function describeRequest(request: RequestView): string {
  const { quorum } = request;
  const state = request.state === 'closed' ? `closed: ${request.closedBecause ?? ''}` : request.state;
  const lines = [
    `Request    ${request.id}`,
    `Asks for   ${whatIsAsked(request)} of Factory ${plain(request.factory)}`,
    `Asked by   ${plain(request.requester.name)}, ${request.created}`,
    `Reason     ${plain(request.reason)}`,
    `State      ${state} (${request.progress})`,
    `Lives      until ${request.expires}`,
    `Approvals  ${quorum.persons.length} of ${quorum.needed}${quorum.missing > 0 ? `, ${quorum.missing} missing` : ''}`,
    ...request.approvals.map(
      (approval) => `           ${plain(approval.person)}  ${approval.fingerprint}  ${approval.at}`,
    ),
    ...request.rejections.map((rejection) => `REJECTED   by ${plain(rejection.person)}: ${plain(rejection.reason)}`),
    ...request.documents.map(
      (document) => `Document   version ${document.version}, expires ${document.expires}, sha256 ${document.sha256}`,
    ),
    ...request.signatures.map(
      (signature) => `Signature  ${signature.keyid} (${signature.method}), ${signature.signedAt}`,
    ),
    ...describeMissing(request),
    ...(request.lastError === undefined
      ? []
      : [
          `Last error ${request.lastError.code}: ${plain(request.lastError.message)}`,
          ...(request.lastError.hint === undefined ? [] : [`           ${plain(request.lastError.hint)}`]),
        ]),
    `Statement  sha256 ${request.statementSha256}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Which keys have yet to sign, and in which tokens they are: who has one of them reads here what to do. */
export function describeMissing({ root }: RequestView): string[] {
  return [
    ...(root?.missingSigners ?? []).map(
      ({ missing, keyids }) =>
        `Lacks      ${missing} signature(s) from outside, by ${keyids.join(' or ')} (contribute)`,
    ),
    ...(root?.missingSignatures ?? []).map(
      ({ keyid, role, token, documents }) =>
        `Lacks      ${documents} signature(s) of the ${role} key ${keyid}${token === null ? '' : ` in token ${plain(token)}`}`,
    ),
  ];
}

function whatIsAsked({ kind, wave, root, bundle }: RequestView): string {
  if (bundle !== null) return `offline bundle for tag ${plain(bundle.tag)}: ${bundle.targets.map(plain).join(', ')}`;
  if (wave !== null) return `Wave ${plain(wave.name)}: version ${wave.version} for tag ${plain(wave.tag)}`;
  return root === null ? kind : `root version ${root.version} (${plain(root.summary)})`;
}
