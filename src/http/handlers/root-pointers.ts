import { isCountersignError, restated, type CountersignError } from '../../errors.js';
import type { RootSubmission } from '../../signing/index.js';

/** Of submissions of either form. */
const COMMON_MEMBERS = ['reason', 'transaction', 'without', 'supersedes'];
const INTENTION_MEMBERS = ['intentions', 'adopt', 'dryRun', ...COMMON_MEMBERS];

/**
 * Makes the pointer of a refused root update point into the body that was sent. Further inside, pointers go into a root
 * (`/signed/…`), which is the CI root unless it is about what production alone has; those that lead into what the caller has
 * not sent (the statement, the roots that intentions make) are left out.
 */
export function inRootBodyTerms(error: unknown, submission: RootSubmission): unknown {
  if (!isCountersignError(error)) return error;
  const pointer = 'ci' in submission ? rootPointer(error, submission) : intentionPointer(error);
  return restated(error, { pointer: pointer ?? null });
}

function intentionPointer({ pointer }: CountersignError): string | undefined {
  return INTENTION_MEMBERS.includes(pointer?.split('/')[1] ?? '') ? pointer : undefined;
}

function rootPointer(
  error: CountersignError,
  roots: { readonly ci: Buffer; readonly production: Buffer },
): string | undefined {
  const [, first = '', ...rest] = error.pointer?.split('/') ?? [];
  if (first === 'signed') return place(isOfProduction(error) ? 'production' : 'ci', ['signed', ...rest], roots);
  if (first === 'ci' || first === 'production') return place(first, rest, roots);
  return COMMON_MEMBERS.includes(first) ? error.pointer : undefined;
}

function place(
  member: 'ci' | 'production',
  path: readonly string[],
  roots: Readonly<Record<'ci' | 'production', Buffer>>,
): string {
  const value: unknown = JSON.parse(roots[member].toString('utf8'));
  const isBare = typeof value === 'object' && value !== null && !('signed' in value);
  return ['', member, ...(isBare && path[0] === 'signed' ? path.slice(1) : path)].join('/');
}

function isOfProduction({ code, pointer }: CountersignError): boolean {
  if (code === 'ROOT_THRESHOLD_UNREACHABLE') return pointer === '/signed/roles/targets/threshold';
  return code === 'ROOT_PRODUCTION_THRESHOLD' || code === 'ROOTS_DIFFER';
}
