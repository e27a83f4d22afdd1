import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { createApiClient } from '../../api/index.js';
import { NAMESPACES, parseLoginChallenge } from '../../approval/index.js';
import { CountersignError } from '../../errors.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { replaceFile } from '../replace-file.js';
import { serviceClient } from '../service-client.js';
import { sshSign } from '../ssh-sign.js';
import { printJson, say } from '../terminal/output.js';
import { loadPins } from '../trust-file.js';

export function addLoginCommands(program: Command, context: CliContext): void {
  program
    .command('login')
    .summary('sign in as an officer, with your SSH key')
    .option('--key <path>', 'your SSH key, as for ssh-keygen -Y sign -f')
    .option('--url <url>', 'the service')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print who is signed in and until when as JSON')
    .action(async (options: ClientOptions & { key?: string; json?: boolean }) => {
      const settings = clientSettings(context, options);
      const keyPath = settings.sshKeyPath(options.key);
      const api = createApiClient({ baseUrl: settings.serviceUrl() });
      const { challenge } = await api.loginChallenge({ publicKey: publicKeyLine(keyPath) });
      checkChallenge(challenge, settings.trustPath);
      const sshsig = await sshSign(context, {
        keyPath,
        namespace: NAMESPACES.login,
        message: Buffer.from(challenge, 'utf8'),
      });
      const { session, person, expires } = await api.login({ challenge, sshsig });
      saveSession(settings.sessionPath, { session, person, expires, service: settings.serviceUrl() });
      if (options.json === true) printJson(context, { person, expires });
      say(context, `signed in as ${person} until ${expires}`);
    });

  program
    .command('logout')
    .summary('end the sign-in')
    .option('--url <url>', 'the service')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print whether somebody was signed in as JSON')
    .action(async (options: ClientOptions & { json?: boolean }) => {
      const settings = clientSettings(context, options);
      const signedIn = existsSync(settings.sessionPath);
      if (options.json === true) printJson(context, { signedOut: signedIn });
      if (!signedIn) return say(context, 'nobody is signed in');
      try {
        await serviceClient(settings).logout();
      } finally {
        rmSync(settings.sessionPath, { force: true });
      }
      say(context, 'signed out');
    });
}

/** Signs nothing but a challenge, and none for another service than the one this machine trusts. */
function checkChallenge(challenge: string, trustPath: string): void {
  const { service } = parseLoginChallenge(Buffer.from(challenge, 'utf8'));
  if (!existsSync(trustPath) || loadPins(trustPath).policySha256 === service) return;
  throw new CountersignError('LOGIN_FAILED', 'the challenge is of another service than the one this machine trusts', {
    hint: 'check the address; `countersign trust` says what is trusted',
  });
}

/** The public half of the key: `PATH.pub` of a private key file, or the file itself if it is a public key. */
function publicKeyLine(keyPath: string): string {
  for (const path of [`${keyPath}.pub`, keyPath]) {
    if (!existsSync(path)) continue;
    const line = readFileSync(path, 'utf8').trim();
    if (/^(ssh-|ecdsa-|sk-)/u.test(line)) return line;
  }
  throw new CountersignError('SSH_KEY_INVALID', `no public key was found at ${keyPath}.pub or ${keyPath}`, {
    hint: 'write it with: ssh-keygen -y -f KEY > KEY.pub',
    details: { path: keyPath },
  });
}

function saveSession(path: string, session: Record<string, string>): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  replaceFile(path, `${JSON.stringify(session)}\n`, 0o600);
}
