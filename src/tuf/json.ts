/** What RFC 8259 can say, as JavaScript values. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export interface JsonObject {
  [name: string]: JsonValue;
}

/** Bounds on documents from outside. Both are checked before memory is spent. */
export interface JsonLimits {
  /** Largest input in bytes. */
  readonly maxBytes?: number;
  /** How many objects and arrays may be open at once; `[[1]]` needs 2. */
  readonly maxDepth?: number;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
export const DEFAULT_MAX_DEPTH = 64;

/** Beyond this the recursive readers could run out of stack, whatever a caller asks for. */
const HARD_MAX_DEPTH = 500;
/** Byte offsets are kept in 32-bit integers. */
const HARD_MAX_BYTES = 2 ** 30;

/** The limits in force: defaults filled in, and cut to what the readers can hold. */
export function effectiveLimits(limits: JsonLimits = {}): Required<JsonLimits> {
  return {
    maxBytes: Math.min(limits.maxBytes ?? DEFAULT_MAX_BYTES, HARD_MAX_BYTES),
    maxDepth: Math.min(limits.maxDepth ?? DEFAULT_MAX_DEPTH, HARD_MAX_DEPTH),
  };
}

/** A member name of megabytes must not make an error of megabytes. */
const LONGEST_TOKEN = 500;

/**
 * Appends one reference token to a JSON pointer (RFC 6901 section 3: `~` is `~0`, `/` is `~1`). A token of more than
 * 500 characters is cut and ends in `…`.
 */
export function pointerTo(parent: string, token: string | number): string {
  let name = String(token);
  if (name.length > LONGEST_TOKEN) name = `${name.slice(0, LONGEST_TOKEN)}…`;
  const escaped = /[~/]/.test(name) ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name;
  return `${parent}/${escaped}`;
}

/** JSON pointer (RFC 6901) to a member: `jsonPointer('signed', 'targets', 'a/b')` is `/signed/targets/a~1b`. */
export function jsonPointer(...path: readonly (string | number)[]): string {
  return path.reduce<string>(pointerTo, '');
}
