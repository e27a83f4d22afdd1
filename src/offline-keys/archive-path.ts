/** Printable ASCII without a backslash: what key archives have, and what can be shown in a message. */
const PLAIN = /^[\x20-\x5b\x5d-\x7e]+$/;
const MAX_LENGTH = 512;

/** @returns the path without a leading `./` and a trailing `/`; null for one that is absolute, walks up or is not plain */
export function safePath(name: string): string | null {
  if (name.length > MAX_LENGTH || !PLAIN.test(name) || name.startsWith('/')) return null;
  const path = name.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  return path.split('/').includes('..') ? null : path;
}
