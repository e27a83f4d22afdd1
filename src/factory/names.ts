import { z } from 'zod';

// fioctl and the Factory put names into paths and comma-separated queries without escaping them, so only
// RFC 3986's unreserved characters may stand in one, and never first a dot (`..` would walk up the path).
const unescapedName = (what: string, maxLength: number) =>
  z
    .string()
    .max(maxLength, `${what} has at most ${maxLength} characters`)
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
      `${what} starts with a letter or digit and has only letters, digits, '.', '_' and '-'`,
    );

/** Name of a Wave as it stands in `…/waves/{name}/`. */
export const waveNameSchema = unescapedName('the name of a Wave', 64);

/** Tag of production targets as it stands in `…/prod-targets/?tag=`. */
export const tagSchema = unescapedName('a tag', 64);

/** Name of a Factory as it stands in every path of its API. */
export const factoryNameSchema = unescapedName('the name of a Factory', 64);

/**
 * Tag that CI gave to its Targets. It never stands in a URL, so every printable ASCII tag can be
 * asked for, but for `< > &`, which no signed document may hold.
 */
export const sourceTagSchema = z
  .string()
  .min(1, 'a source tag is not empty')
  .max(128, 'a source tag has at most 128 characters')
  .regex(
    /^[\x20-\x25\x27-\x3b\x3d\x3f-\x7e]+$/,
    "a source tag has only printable ASCII characters, without '<', '>' and '&'",
  );
