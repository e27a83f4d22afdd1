import { examine, ok, type Finding } from './finding.js';

/** Whether a configuration file can be followed; null if it cannot. */
export async function checkConfiguration<T>(
  name: string,
  path: string,
  load: (path: string) => T,
): Promise<{ config: T | null; findings: Finding[] }> {
  let config: T | null = null;
  const check = `${name} configuration`;
  const findings = await examine(check, `mend ${path}`, () => {
    config = load(path);
    return [ok(check, path)];
  });
  return { config, findings };
}
