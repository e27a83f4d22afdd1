import { z } from 'zod';
import { CountersignError } from '../errors.js';
import { logSchema } from './log.js';
import { readYaml, resolveFrom } from './read-yaml.js';

const tokenSchema = z
  .strictObject({
    label: z.string().min(1).max(32).optional(),
    serial: z.string().min(1).max(16).optional(),
    module: z.string().min(1),
    moduleEnvironment: z.record(z.string(), z.string()).default({}),
    libraryParameters: z.string().min(1).optional(),
    pinFile: z.string().min(1).optional(),
    pinCredential: z
      .string()
      .regex(/^[A-Za-z0-9._-]+$/)
      .optional(),
    workers: z.int().min(1).max(16).default(2),
    signTimeoutSeconds: z.int().min(1).max(600).default(30),
  })
  .refine((token) => (token.label === undefined) !== (token.serial === undefined), {
    error: 'name the token by exactly one of label and serial',
  })
  .refine((token) => (token.pinFile === undefined) !== (token.pinCredential === undefined), {
    error: 'say where the PIN is by exactly one of pinFile and pinCredential',
  });

const schema = z.strictObject({
  stateDir: z.string().min(1),
  socket: z.string().min(1),
  tokens: z.array(tokenSchema).min(1),
  log: logSchema,
});

export type SignerTokenConfig = Readonly<Omit<z.output<typeof tokenSchema>, 'pinCredential'> & { pinFile: string }>;
export type SignerConfig = Readonly<Omit<z.output<typeof schema>, 'tokens'> & { tokens: readonly SignerTokenConfig[] }>;

/**
 * The signer's configuration, every relative path resolved from the file's own folder.
 * `pinCredential` becomes a path below `credentialsDirectory` (systemd's `$CREDENTIALS_DIRECTORY`).
 *
 * @throws CONFIG_INVALID
 */
export function loadSignerConfig(path: string, credentialsDirectory: string | undefined): SignerConfig {
  const config = readYaml(path, schema);
  const here = (relative: string): string => resolveFrom(path, relative);
  return Object.freeze({
    ...config,
    stateDir: here(config.stateDir),
    socket: here(config.socket),
    tokens: config.tokens.map(({ pinCredential, ...token }, index) => ({
      ...token,
      moduleEnvironment: Object.fromEntries(
        Object.entries(token.moduleEnvironment).map(([name, value]) => [
          name,
          looksLikePath(value) ? here(value) : value,
        ]),
      ),
      pinFile:
        token.pinFile === undefined
          ? credentialPath(pinCredential ?? '', credentialsDirectory, `/tokens/${index}/pinCredential`)
          : here(token.pinFile),
    })),
  });
}

/** `./softhsm2.conf` is meant from the configuration's folder; anything else is handed to the module as it is. */
function looksLikePath(value: string): boolean {
  return value.startsWith('./') || value.startsWith('../');
}

function credentialPath(name: string, directory: string | undefined, pointer: string): string {
  if (directory !== undefined) return `${directory}/${name}`;
  throw new CountersignError('CONFIG_INVALID', 'pinCredential needs $CREDENTIALS_DIRECTORY, which is not set', {
    pointer,
    hint: 'start the signer by systemd with LoadCredential=, or use pinFile',
  });
}
