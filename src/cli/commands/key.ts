import { Option, type Command } from 'commander';
import type { TokenKey } from '../../signer/index.js';
import type { CliContext } from '../context.js';
import { printData, printJson, say } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';

interface KeyOptions {
  readonly config: string;
  readonly token?: string;
  readonly json?: boolean;
}

interface GenerateOptions extends KeyOptions {
  readonly factory: string;
  readonly role: 'root' | 'targets';
  readonly type: 'rsa3072' | 'rsa4096' | 'ed25519';
  readonly force?: boolean;
}

export function addKeyCommands(program: Command, context: CliContext): void {
  const key = program.command('key').description('keys in the tokens of a signer, on the signer’s machine');
  const withConfig = (command: Command): Command =>
    command
      .requiredOption('--config <path>', 'the signer’s configuration, see config/signer.yaml')
      .option('--token <label-or-serial>', 'which token; not needed if only one is configured')
      .option('--json', 'print as JSON');

  withConfig(key.command('generate'))
    .summary('make a key inside a token; it can never leave it')
    .requiredOption('--factory <name>', 'the Factory it is for')
    .addOption(new Option('--role <role>', 'what it signs').choices(['root', 'targets']).makeOptionMandatory())
    .addOption(new Option('--type <type>', 'kind of key').choices(['rsa3072', 'rsa4096', 'ed25519']).default('rsa4096'))
    .option('--force', 'even if a key of that Factory and role is waiting in the token already')
    .action(async (options: GenerateOptions) => {
      const { chooseToken, tokenConfig, generateKey, pool } = await open(context, options);
      const { factory, role, type, force = false } = options;
      const made = await generateKey(
        tokenConfig(chooseToken(pool.config, options.token)),
        { factory, role, type, force },
        pool,
      );
      if (options.json === true) printJson(context, describe(made));
      else printData(context, `${made.keyid}\n`);
      say(context, `made ${made.ckaLabel} (${made.keytype}) in token ${made.token.label}; it cannot be taken out`);
    });

  withConfig(key.command('list'))
    .summary('list the keys of the tokens with their attributes')
    .option('--public', 'print only the public keys, as TUF key objects by role')
    .action(async (options: KeyOptions & { public?: boolean }) => {
      const { chooseToken, tokenConfig, listKeys, pool } = await open(context, options);
      const chosen = options.token === undefined ? pool.config.tokens : [chooseToken(pool.config, options.token)];
      const keys: TokenKey[] = [];
      for (const token of chosen) keys.push(...(await listKeys(tokenConfig(token), pool)));
      if (options.public === true) {
        const ofRole = (role: string): unknown[] => keys.filter((k) => k.role === role).map((k) => k.key);
        return printJson(context, { root: ofRole('root'), targets: ofRole('targets') });
      }
      if (options.json === true) return printJson(context, keys.map(describe));
      printData(context, keyTable(keys));
    });
}

/** Everything that touches tokens is loaded only when one of these commands runs. */
async function open(context: CliContext, options: KeyOptions) {
  const { loadSignerConfig } = await import('../../config/index.js');
  const { generateKey, listKeys } = await import('../../signer/index.js');
  const { createLogger } = await import('../../telemetry/index.js');
  const { chooseToken, tokenConfig } = await import('../signer-tokens.js');
  const config = loadSignerConfig(options.config, context.settings.credentialsDirectory);
  const logger = createLogger({ level: 'warn', style: 'text', program: 'key' });
  return { chooseToken, tokenConfig, generateKey, listKeys, pool: { config, logger, stateDir: config.stateDir } };
}

function describe(key: TokenKey): Record<string, unknown> {
  const { keyid, keytype, role, factory, token, ckaId, ckaLabel, attributes, maxMessageBytes } = key;
  return { keyid, keytype, role, factory, token, ckaId, ckaLabel, attributes, maxMessageBytes, public: key.key };
}

function keyTable(keys: readonly TokenKey[]): string {
  const yes = (value: boolean | null): string => (value === null ? 'not told' : value ? 'yes' : 'no');
  return formatTable(
    ['keyid', 'type', 'role', 'factory', 'token', 'made inside', 'can leave'],
    keys.map((key) => [
      key.keyid,
      key.keytype,
      key.role,
      key.factory,
      key.token.label,
      yes(key.attributes.local),
      yes(key.attributes.extractable),
    ]),
  );
}
