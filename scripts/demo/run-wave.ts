import { readFileSync, writeFileSync } from 'node:fs';
import { checkAsDevice } from '../../src/sandbox/index.js';
import { createSignerClient } from '../../src/signer/client/index.js';
import { approve, waitDelivered } from './approve.js';
import { firstLine, type Installation } from './installation.js';
import type { Narrator } from './narrate.js';
import { runProgram } from './process.js';

export interface WaveResult {
  readonly name: string;
  readonly version: number;
  readonly tag: string;
  readonly keyid: string;
  readonly officers: readonly string[];
}

const WAVE = { name: 'release-42', version: 42, tag: 'production' };

/** One Wave from the question to the device, with the attempts to cheat that must fail on the way. */
export async function runWave(installation: Installation, narrator: Narrator): Promise<WaveResult> {
  const { path, officers } = installation;
  const { step, seen, run } = narrator;

  step('A CI job asks for a Wave');
  const asked = await run(
    ['waves', 'init', WAVE.name, String(WAVE.version), WAVE.tag, '--reason', 'Kernel and shell fixes'],
    { as: 'ci' },
  );
  const id = asked.stdout.trim();
  seen(`request ${id} waits for two officers`);

  step('The first officer reads and approves; one approval is not enough');
  const review = await run(['review', id], { as: 'alice' });
  console.log(review.stdout.replace(/^/gmu, '   │ '));
  await approve(narrator, id, 'alice');
  await handToSigner('QUORUM_NOT_MET');

  step('A tampered dossier is refused, by everybody');
  const tampered = (await dossierText()).replace(/(lmp\/builds\/)42/u, '$143');
  writeFileSync(path('evidence', 'tampered.dossier'), tampered);
  const refused = await run(['verify', path('evidence', 'tampered.dossier')], { as: 'auditor', expect: 1 });
  seen(`the auditor's command line: ${refused.stderr.trim().split('\n')[0] ?? ''}`);
  await handToSigner(undefined, tampered);

  step('The second approval is enough: signed in the token, delivered, accepted');
  await approve(narrator, id, 'bob');
  const {
    signatures: [signature],
  } = await waitDelivered(narrator, id);
  if (signature === undefined) throw new Error('there is no signature');
  seen(`signed with ${signature.method} by ${signature.keyid}`);
  const signed = await run(['signed', id], { as: 'ci' });
  writeFileSync(path('evidence', 'signed.json'), signed.stdout);
  await run(['waves', 'show', WAVE.name], { as: 'alice' });

  step('A device looks at what the Factory publishes');
  await lookAsDevice(signature.keyid);

  step('Anybody verifies afterwards, offline');
  writeFileSync(path('evidence', 'wave.dossier'), await dossierText());
  const verified = await run(['verify', path('evidence', 'wave.dossier')], { as: 'auditor' });
  console.log(verified.stdout.replace(/^/gmu, '   │ '));
  for (const { name } of officers) await verifyWithOpenSsh(name);
  await run(['signer', 'journal', 'verify', path('signer', 'state', 'journal.jsonl')]);
  return {
    name: WAVE.name,
    version: WAVE.version,
    tag: WAVE.tag,
    keyid: signature.keyid,
    officers: officers.map(({ name }) => name),
  };

  async function dossierText(): Promise<string> {
    return (await run(['dossier', id], { as: 'alice' })).stdout;
  }

  /** What a lying service could do: speak to the signer itself. */
  async function handToSigner(expected: string | undefined, text?: string): Promise<void> {
    const lines = (text ?? (await dossierText())).split(/(?<=\n)/u);
    const signer = createSignerClient({ socketPath: path('signer', 'signer.sock'), timeoutMs: 30_000 });
    const code = await signer.sign(lines).then(
      () => 'SIGNED',
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );
    if (code === 'SIGNED' || (expected !== undefined && code !== expected))
      throw new Error(`the signer answered ${code}`);
    seen(`handed straight to the signer, it answers ${code}`);
  }

  async function lookAsDevice(keyid: string): Promise<void> {
    const { ports, factory } = installation;
    const repo = `http://127.0.0.1:${ports.factory}/ota/repo/${factory}/api/v1/user_repo`;
    const get = async (url: string): Promise<Buffer | null> => {
      const answer = await fetch(url, {
        headers: { 'Osf-Token': firstLine(path('people', 'auditor', 'factory.token')) },
      });
      return answer.ok ? Buffer.from(await answer.arrayBuffer()) : null;
    };
    const roots: Buffer[] = [];
    for (let version = 1; ; version += 1) {
      const root = await get(`${repo}/${version}.root.json?production=1`);
      if (root === null) break;
      writeFileSync(path('evidence', `${version}.root.json`), root);
      roots.push(root);
    }
    const waves = await get(
      `http://127.0.0.1:${ports.factory}/ota/factories/${factory}/wave-targets/?name=${WAVE.name}`,
    );
    const published = (JSON.parse(String(waves)) as Record<string, unknown>)[WAVE.name];
    const targets = Buffer.from(JSON.stringify(published));
    writeFileSync(path('evidence', 'published.json'), targets);
    for (const hardwareId of ['intel-corei7-64', 'raspberrypi4-64']) {
      const verdict = checkAsDevice(
        { roots, targets },
        { hardwareId, tag: WAVE.tag, installedVersion: 41 },
        new Date(),
      );
      if (!verdict.accepted || !verdict.signedBy.includes(keyid)) {
        throw new Error(`a device refuses it: ${verdict.reasons.map(({ message }) => message).join('; ')}`);
      }
      seen(
        `${hardwareId} would update to ${verdict.update?.target ?? ''}: root ${verdict.rootVersion}, ${verdict.signedBy.length} signatures`,
      );
    }
    const files = roots.map((_, index) => path('evidence', `${index + 1}.root.json`));
    await run(['tuf', 'verify', ...files, '--targets', path('evidence', 'published.json')]);
  }

  /** The way that needs none of our code: statement and approval out of the dossier, and stock ssh-keygen. */
  async function verifyWithOpenSsh(name: string): Promise<void> {
    const lines = readFileSync(path('evidence', 'wave.dossier'), 'utf8').trim().split('\n');
    const parts = lines.map((line) => JSON.parse(line) as { type: string; text?: string; sshsig?: string });
    writeFileSync(path('evidence', 'statement.json'), parts.find(({ type }) => type === 'statement')?.text ?? '');
    writeFileSync(
      path('evidence', 'allowed_signers'),
      officers.map((o) => `${o.name} ${firstLine(path('people', o.name, 'id.pub'))}\n`).join(''),
    );
    for (const [index, { sshsig = '' }] of parts.filter(({ type }) => type === 'approval').entries()) {
      const file = path('evidence', `approval-${index + 1}.sig`);
      writeFileSync(file, sshsig);
      const checked = await runProgram(
        'ssh-keygen',
        [
          '-Y',
          'verify',
          '-f',
          path('evidence', 'allowed_signers'),
          '-I',
          name,
          '-n',
          'countersign-approve-v1',
          '-s',
          file,
        ],
        { input: readFileSync(path('evidence', 'statement.json')) },
      );
      if (checked.status === 0) {
        seen(`ssh-keygen -Y verify: ${checked.stdout.trim()}`);
        return;
      }
    }
    throw new Error(`ssh-keygen finds no approval of ${name}`);
  }
}
