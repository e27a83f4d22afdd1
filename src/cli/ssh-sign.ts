import { spawn } from 'node:child_process';
import { CountersignError } from '../errors.js';
import type { CliContext } from './context.js';

/**
 * Signs with the officer's own SSH key, by `ssh-keygen -Y sign`: so agents, passphrases (asked for on the terminal by
 * ssh-keygen itself) and FIDO2 keys work as the officer has them, and no private key ever comes near this program.
 *
 * @param keyPath private key file, or public key file of a key in an agent or on a FIDO2 device
 * @returns the armored SSHSIG
 * @throws SSH_KEY_INVALID with ssh-keygen's own words
 */
export async function sshSign(
  context: CliContext,
  { keyPath, namespace, message }: { keyPath: string; namespace: string; message: Uint8Array },
): Promise<string> {
  const child = spawn('ssh-keygen', ['-Y', 'sign', '-q', '-n', namespace, '-f', keyPath], {
    env: context.settings.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.push(chunk);
    // "Confirm user presence for key …" has to be seen while it waits, not afterwards.
    context.stderr.write(chunk);
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(message);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) =>
      reject(
        new CountersignError('SSH_KEY_INVALID', 'ssh-keygen could not be started', {
          hint: 'install the OpenSSH client (Debian: openssh-client)',
          cause,
        }),
      ),
    );
    child.on('close', resolve);
  });
  if (status === 0) return Buffer.concat(stdout).toString('utf8');
  const words = Buffer.concat(stderr).toString('utf8').trim().split('\n').at(-1) ?? '';
  throw new CountersignError('SSH_KEY_INVALID', `ssh-keygen did not sign: ${words}`, {
    hint: `check that ${keyPath} is your key: a private key file, or the public key file of a key in your agent`,
    details: { path: keyPath },
  });
}
