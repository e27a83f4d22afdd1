import { readFileSync } from 'node:fs';

/** What a process uses now, or the most that it ever did, by Linux's own account; getrusage's peak would include the parent's. */
export function memoryBytes(field: 'VmRSS' | 'VmHWM', pid: number | 'self' = 'self'): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) * 1024;
}

/** Clock ticks of /proc are hundredths of a second on every Linux. */
const MS_PER_TICK = 10;

/** How long a process had a processor, all its threads together. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // the second field is a name, in brackets, that may hold anything
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [userTicks, systemTicks] = [fields[11], fields[12]];
  return (Number(userTicks) + Number(systemTicks)) * MS_PER_TICK;
}
