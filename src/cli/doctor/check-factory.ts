import type { FactoryPort } from '../../signing/index.js';
import { examine, fail, ok, type Finding } from './finding.js';

/** Whether the Factory answers and its API token may do what it is for: deliver Waves, or only read. */
export function checkFactory(port: FactoryPort, purpose: 'deliver' | 'read'): Promise<Finding[]> {
  const check = `Factory ${port.name}`;
  return examine(check, 'check its URL, the token file and the network', async () => {
    const { name, role, scopes } = await port.self();
    const enough = purpose === 'deliver' ? ['targets:read-update'] : ['targets:read', 'targets:read-update'];
    if (scopes.some((scope) => enough.includes(scope)))
      return [ok(check, `answers ${name} (${role}), ${scopes.join(' ')}`)];
    const todo = `make an API token with the scope ${enough[0] ?? ''} and put it into the token file`;
    return [fail(check, `answers, but its token may not (${scopes.join(' ') || 'no scopes'})`, todo)];
  });
}
