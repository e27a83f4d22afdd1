import { isCountersignError } from '../../errors.js';
import { ckrError } from './ckr.js';

/**
 * Runs one PKCS#11 call and turns what the native layer throws into our error.
 *
 * @throws the code that the table gives for the call's result; errors that are ours already pass unchanged
 */
export function call<T>(name: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (isCountersignError(error)) throw error;
    const code = ckrOf(error);
    throw code === null ? error : ckrError(name, code);
  }
}

/**
 * The CKR number of a native error. Most carry it as `code`; `C_FindObjects` escapes the wrapper that puts it
 * there and has it in its message only, as `CKR_NAME:number`.
 */
function ckrOf(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'number' && error.code > 0) return error.code;
  const match = /^\w+:(\d+)$/.exec(error.message);
  return match === null ? null : Number(match[1]);
}
