/**
 * JSON pointer (RFC 6901) to a member: `pointerTo('signed', 'targets', 'a/b')` is `/signed/targets/a~1b`.
 */
export function pointerTo(...path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
