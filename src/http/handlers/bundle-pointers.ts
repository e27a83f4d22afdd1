import { isCountersignError, restated } from '../../errors.js';

const OF_BUNDLE = ['/signed/x-fio-offline-bundle', '/signatures'];

/**
 * Makes the pointer of a refused bundle point into the body that was sent. Further inside, pointers go into the bundle, into
 * the statement where that repeats it, or are those of the body already; any other is left out.
 */
export function inBundleBodyTerms(error: unknown): unknown {
  return isCountersignError(error) ? restated(error, { pointer: bodyPointer(error.pointer ?? '') }) : error;
}

function bodyPointer(pointer: string): string | null {
  const isIn = (place: string): boolean => pointer === place || pointer.startsWith(`${place}/`);
  if (pointer === '/documents/0/expires') return '/folder/bundle/signed/expires';
  if (isIn('/base/targets')) return '/folder/targets';
  if (OF_BUNDLE.some(isIn)) return `/folder/bundle${pointer}`;
  return isIn('/folder') || isIn('/reason') ? pointer : null;
}
