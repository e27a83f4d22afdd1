import { pointerTo } from '../tuf/index.js';

/** JSON pointer (RFC 6901) to a member: `jsonPointer('signed', 'targets', 'a/b')` is `/signed/targets/a~1b`. */
export function jsonPointer(...path: readonly (string | number)[]): string {
  return path.reduce<string>(pointerTo, '');
}
