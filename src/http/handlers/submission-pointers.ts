import { isCountersignError, restated, type CountersignError } from '../../errors.js';

/** `document` in an envelope `{signatures, signed}`, or the bare `signed`. */
export type SubmissionForm = 'intention' | 'enveloped-document' | 'bare-document';

const MEMBERS: Readonly<Record<SubmissionForm, readonly string[]>> = {
  intention: ['name', 'version', 'tag', 'prune', 'sourceTag', 'expires', 'reason'],
  'enveloped-document': ['name', 'version', 'tag', 'reason', 'targets'],
  'bare-document': ['name', 'version', 'tag', 'reason', 'targets'],
};

/**
 * Makes the pointer of a refused submission point into the body that was sent. Further inside, pointers go into the
 * document (`/signed/…`), its form (from `signed` on) or the typed changes (`/changes/0/version`); those that lead
 * into what the caller has not sent (the Factory's documents, the statement) are left out.
 */
export function inBodyTerms(error: unknown, form: SubmissionForm): unknown {
  if (!isCountersignError(error)) return error;
  const pointer = form === 'intention' ? intentionPointer(error) : documentPointer(error, form);
  const [, member] = (pointer ?? '').split('/');
  const known = member !== undefined && MEMBERS[form].includes(member);
  return restated(error, { pointer: known && pointer !== undefined ? pointer : null });
}

function intentionPointer({ code, pointer }: CountersignError): string | undefined {
  if (code === 'EXPIRES_BEYOND_POLICY') return '/expires';
  const [, index, member] = /^\/changes\/(\d+)\/(\w+)$/.exec(pointer ?? '') ?? [];
  if (index === undefined || member === undefined) return pointer;
  // the first change adds the version; those after it that have one are what is pruned
  return member === 'version' && index !== '0' ? '/prune' : `/${member}`;
}

function documentPointer({ code, pointer }: CountersignError, form: SubmissionForm): string | undefined {
  const signed = form === 'enveloped-document' ? '/targets/signed' : '/targets';
  if (code === 'EXPIRES_BEYOND_POLICY') return `${signed}/expires`;
  if (pointer === undefined) return undefined;
  if (code === 'METADATA_INVALID') return pointer === '' ? '/targets' : signed + pointer;
  if (pointer === '/signed' || pointer.startsWith('/signed/')) return signed + pointer.slice('/signed'.length);
  return pointer.startsWith('/targets') ? undefined : pointer;
}
