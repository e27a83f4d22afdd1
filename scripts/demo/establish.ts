import { writeFileSync } from 'node:fs';
import { firstLine, type Installation } from './installation.js';
import type { Narrator } from './narrate.js';
import type { Daemon } from './process.js';

/** A key that the Factory's roots name from the beginning. */
export interface FirstKey {
  readonly role: 'root' | 'targets';
  /** As `key generate --type` takes it. */
  readonly type: string;
}

/** What an operator does once: token, keys, policy, trust, and the three programs. */
export async function establish(
  installation: Installation,
  { step, seen, run }: Narrator,
  daemons: Daemon[],
  keys: readonly FirstKey[] = [{ role: 'targets', type: 'rsa4096' }],
): Promise<void> {
  const { path, factory, token } = installation;

  step('A token, and keys made inside it');
  await installation.makeToken();
  seen(`SoftHSM token ${token}; its PIN is in a file that only its owner can read`);
  for (const { role, type } of keys) {
    const made = await run(['key', 'generate', '--config', path('signer.yaml'), '--factory', factory, '--role', role, '--type', type]); // prettier-ignore
    seen(`${role} key ${made.stdout.trim()} (${type}): sensitive, not extractable, generated in the token`);
  }
  await run(['key', 'generate', '--config', path('signer.yaml'), '--role', 'canary']);
  seen('a canary key beside it, which stands in no root: it proves that the token still signs');
  const { stdout: publicKeys } = await run(['key', 'list', '--config', path('signer.yaml'), '--public']);
  writeFileSync(path('factory', 'offline-keys.json'), publicKeys);

  step('A Factory whose roots name them');
  await startFactory(installation, { step, seen, run }, daemons);

  await establishPolicy(installation, { step, seen, run }, [`${token}:${keys.map(({ role }) => role).join(',')}`]);
  await startPrograms(installation, { step, seen, run }, daemons);
}

export async function startFactory(installation: Installation, { seen }: Narrator, daemons: Daemon[]): Promise<void> {
  const { path, factory, ports } = installation;
  daemons.push(await installation.start('sandbox'));
  const root = await fetch(`http://127.0.0.1:${ports.factory}/ota/repo/${factory}/api/v1/user_repo/1.root.json`, {
    headers: { 'Osf-Token': firstLine(path('people', 'alice', 'factory.token')) },
  });
  writeFileSync(path('1.root.json'), Buffer.from(await root.arrayBuffer()));
  seen(`sandbox at http://127.0.0.1:${ports.factory}; its first root is in 1.root.json`);
}

/** Policy and trust. @param tokens as `policy draft --token` takes them */
export async function establishPolicy(
  { path, factory, officers, ports, beginning }: Installation,
  { step, seen, run }: Narrator,
  tokens: readonly string[],
): Promise<void> {
  step('A policy, signed by all its officers');
  await run([
    'policy', 'draft', ...officers.flatMap(({ name }) => ['--officer', `${name}=${path('people', name, 'id.pub')}`]),
    '--factory', factory, '--url', `http://127.0.0.1:${ports.factory}`, '--root', path('1.root.json'),
    ...tokens.flatMap((token) => ['--token', token]), '--quorum', '2', '--out', path('policy.json'),
  ]); // prettier-ignore
  for (const { name } of officers) await run(['policy', 'sign', path('policy.json'), '--person', name], { as: name });
  const shown = await run(['policy', 'show', path('policy.json'), '--json']);
  const policy = JSON.parse(shown.stdout) as {
    sha256: string;
    signed: { factories: { firstRoot: { sha256: string } }[] };
  };
  seen(`quorum 2 of ${officers.map(({ name }) => name).join(', ')}; sha256 ${policy.sha256}`);

  step('Trust: everybody writes down the two digests, from a person, not from the service');
  const digests = [policy.sha256, '--root', `${factory}=${policy.signed.factories[0]?.firstRoot.sha256 ?? ''}`];
  await run(['trust', ...digests, '--file', path('service', 'trust.json')]);
  const operators = beginning === 'new' ? ['operator'] : [];
  const people = [...officers.map(({ name }) => name), 'ci', 'auditor', ...operators];
  await Promise.all(people.map((person) => run(['trust', ...digests], { as: person })));
  await run(['policy', 'verify', path('policy.json')], { as: 'auditor' });
}

/** Signer and service, and the ways in for people and jobs. */
export async function startPrograms(
  installation: Installation,
  { step, seen, run }: Narrator,
  daemons: Daemon[],
): Promise<void> {
  const { path, officers, ports, beginning } = installation;

  step('Signer and service, two programs');
  await run([
    'signer',
    'init',
    '--config',
    path('signer.yaml'),
    '--policy',
    path('policy.json'),
    '--trust',
    path('service', 'trust.json'),
  ]);
  daemons.push(await installation.start('signer'));
  seen(`signer ${daemons.at(-1)?.pid ?? ''} listens on a Unix socket; its workers hold the token`);
  daemons.push(await installation.start('service'));
  seen(
    `service ${daemons.at(-1)?.pid ?? ''} at http://127.0.0.1:${ports.service}; it has no PIN and loads no PKCS#11 module`,
  );
  for (const name of beginning === 'new' ? ['ci', 'operator'] : ['ci']) {
    const out = path('people', name, 'countersign.token');
    await run(['token', 'create', '--config', path('service.yaml'), '--name', name, '--out', out]);
  }
  await Promise.all(officers.map(({ name }) => run(['login'], { as: name })));
}
