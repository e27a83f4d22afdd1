import { readFileSync } from 'node:fs';

/** The worker processes of a signer that live now, by the kernel's word. */
export function workersOf(signer: number | null): number[] {
  if (signer === null) return [];
  return read(`/proc/${signer}/task/${signer}/children`)
    .split(' ')
    .map(Number)
    .filter((pid) => pid > 0 && read(`/proc/${pid}/cmdline`).includes('worker-main.js'));
}

/** Empty if the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
