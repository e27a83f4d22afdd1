import { CountersignError } from '../../errors.js';
import type { Root } from '../../tuf/index.js';
import { jsonPointer } from '../json-pointer.js';
import { rootChangeSchema, type RootChangeOf } from './root-change.js';

/**
 * The changelog of a root as a change.
 *
 * @throws ROOT_CHANGELOG_MISSING
 * @throws ROOT_CHANGE_INEXPRESSIBLE a member is missing or of another form than Go writes it
 */
export function inferChangelog(root: Root): RootChangeOf<'changelog'> {
  const changelog = root['x-changelog'];
  if (changelog === undefined) {
    throw new CountersignError('ROOT_CHANGELOG_MISSING', 'a new root has a changelog', {
      pointer: jsonPointer('signed', 'x-changelog'),
    });
  }
  const { 'polis-id': polisId, message, timestamp } = changelog;
  const result = rootChangeSchema.safeParse({ op: 'changelog', polisId, message, timestamp });
  if (result.success && result.data.op === 'changelog') return result.data;
  const member = result.error?.issues[0]?.path[0];
  const name = member === 'polisId' ? 'polis-id' : String(member);
  throw new CountersignError('ROOT_CHANGE_INEXPRESSIBLE', `${name} of the changelog cannot be said by a change`, {
    pointer: jsonPointer('signed', 'x-changelog', name),
  });
}
