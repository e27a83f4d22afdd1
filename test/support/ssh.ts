/** The stock OpenSSH programs, in a temporary directory of their own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SshKeyFiles {
  /** For `ssh-keygen -Y sign -f`. */
  readonly path: string;
  readonly publicKeyPath: string;
  /** The line of the .pub file, without its newline. */
  readonly publicKey: string;
}

export interface GenerateOptions {
  readonly type?: 'ed25519' | 'ecdsa' | 'rsa' | 'dsa';
  readonly bits?: number;
  readonly comment?: string;
}

interface SignOptions {
  readonly hash?: 'sha256' | 'sha512';
  /** Signs with the key in this agent instead of the one in the file. */
  readonly agent?: SshAgent;
}

interface SshAgent {
  readonly socket: string;
  /** Moves the private key into the agent: its file is deleted. */
  adopt(key: SshKeyFiles): void;
}

export interface SshHome {
  readonly dir: string;
  generateKey(options?: GenerateOptions): SshKeyFiles;
  /** `ssh-keygen -Y sign`; returns the armored signature. */
  sign(key: SshKeyFiles, namespace: string, message: Uint8Array | string, options?: SignOptions): string;
  /** Whether `ssh-keygen -Y verify` accepts the signature by this public key in this namespace. */
  verifies(publicKey: string, namespace: string, message: Uint8Array | string, armored: string): boolean;
  /** `ssh-keygen -l`: the fingerprint, `SHA256:…`. */
  fingerprint(publicKey: string): string;
  /** A certificate by `authority` over `key`, ready for `-Y sign -f`. */
  certify(authority: SshKeyFiles, key: SshKeyFiles): SshKeyFiles;
  startAgent(): SshAgent;
  /** Ends the agents and removes the directory. */
  close(): void;
}

const SIGNER = 'officer';

export function openSshHome(): SshHome {
  const dir = mkdtempSync(join(tmpdir(), 'cs-ssh-'));
  const agentPids: number[] = [];
  let serial = 0;
  const next = (name: string) => join(dir, `${name}${++serial}`);

  return {
    dir,
    generateKey({ type = 'ed25519', bits, comment = 'test key' } = {}) {
      const path = next('key');
      const size = bits === undefined ? [] : ['-b', String(bits)];
      execFileSync('ssh-keygen', ['-q', '-t', type, ...size, '-N', '', '-C', comment, '-f', path]);
      const publicKeyPath = `${path}.pub`;
      return { path, publicKeyPath, publicKey: readFileSync(publicKeyPath, 'utf8').trimEnd() };
    },
    sign(key, namespace, message, { hash, agent } = {}) {
      const file = agent === undefined ? key.path : key.publicKeyPath;
      const hashOption = hash === undefined ? [] : ['-O', `hashalg=${hash}`];
      return execFileSync('ssh-keygen', ['-Y', 'sign', '-f', file, '-n', namespace, ...hashOption], {
        input: message,
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'pipe'],
        env: environment(agent),
      });
    },
    verifies(publicKey, namespace, message, armored) {
      const allowed = next('allowed');
      writeFileSync(allowed, `${SIGNER} namespaces="${namespace}" ${publicKey}\n`);
      const signature = next('signature');
      writeFileSync(signature, armored);
      const verify = ['-Y', 'verify', '-f', allowed, '-I', SIGNER, '-n', namespace, '-s', signature];
      const { status, error } = spawnSync('ssh-keygen', verify, { input: message, env: environment() });
      if (error !== undefined) throw error;
      return status === 0;
    },
    fingerprint(publicKey) {
      const listing = execFileSync('ssh-keygen', ['-l', '-f', '-'], { input: `${publicKey}\n`, encoding: 'utf8' });
      return listing.split(' ')[1] ?? '';
    },
    certify(authority, key) {
      execFileSync('ssh-keygen', ['-q', '-s', authority.path, '-I', 'test', '-n', SIGNER, key.publicKeyPath]);
      const path = `${key.path}-cert.pub`;
      return { path, publicKeyPath: path, publicKey: readFileSync(path, 'utf8').trimEnd() };
    },
    startAgent() {
      const socket = next('agent');
      // Without -D it returns when the socket is bound, and says which process stayed behind.
      const said = execFileSync('ssh-agent', ['-s', '-a', socket], { encoding: 'utf8' });
      agentPids.push(Number(/SSH_AGENT_PID=([0-9]+)/.exec(said)?.[1]));
      const agent: SshAgent = {
        socket,
        adopt(key) {
          execFileSync('ssh-add', ['-q', key.path], { env: environment(agent) });
          unlinkSync(key.path);
        },
      };
      return agent;
    },
    close() {
      for (const pid of agentPids) process.kill(pid);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Without the caller's own agent, which must have no part in a test. */
function environment(agent?: SshAgent): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, ...(agent === undefined ? {} : { SSH_AUTH_SOCK: agent.socket }) };
}
