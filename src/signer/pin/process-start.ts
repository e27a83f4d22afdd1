import { readFileSync } from 'node:fs';

/**
 * When a process started: boot id and clock ticks since boot (proc(5), field 22 of /proc/PID/stat). With the pid it
 * names one process for good. Null if no such process runs, or there is no /proc.
 */
export function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // the name in field 2 may hold blanks and brackets: count from its end
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = rest[18];
    // a zombie runs no more, it only waits for its parent to look
    return state === 'Z' || ticks === undefined ? null : `${boot}/${ticks}`;
  } catch {
    return null;
  }
}

/** Whether the process that `processStart` named is still there. */
export function isRunning(pid: number, start: string | null): boolean {
  return start !== null && processStart(pid) === start;
}
