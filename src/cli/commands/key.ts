import { Option, type Command } from 'commander';
import { CountersignError } from '../../errors.js';
import type { CanaryKey, TokenKey } from '../../signer/index.js';
import { clientSettings } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { requireUnrequested } from '../require-unrequested.js';
import { serviceClient } from '../service-client.js';
import { printData, printJson, say } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';

interface KeyOptions {
  readonly config: string;
  readonly token?: string;
  readonly json?: boolean;
}

interface GenerateOptions extends KeyOptions {
  readonly factory?: string;
  readonly role: 'root' | 'targets' | 'canary';
  readonly type?: 'rsa3072' | 'rsa4096' | 'ed25519';
  readonly force?: boolean;
}

interface DestroyOptions extends KeyOptions {
  readonly url?: string;
  readonly clientConfig?: string;
  readonly withoutService?: boolean;
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
    .option('--factory <name>', 'the Factory it is for; a canary key is for none')
    .addOption(
      new Option('--role <role>', 'what it signs; canary: nothing but proofs that the token still signs')
        .choices(['root', 'targets', 'canary'])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--type <type>', 'kind of key (default: rsa4096, for a canary ed25519)').choices([
        'rsa3072',
        'rsa4096',
        'ed25519',
      ]),
    )
    .option('--force', 'even if a key of that Factory and role is waiting in the token already')
    .action(async (options: GenerateOptions) => {
      const { chooseToken, tokenConfig, generateCanary, generateKey, readUses, pool } = await open(context, options);
      const { factory, role, force = false } = options;
      if (role === 'canary') {
        requireNoFactory(factory);
        const token = tokenConfig(chooseToken(pool.config, options.token));
        const canary = await generateCanary(token, options.type ?? 'ed25519', pool);
        if (options.json === true) printJson(context, { ...canary, role });
        else printData(context, `${canary.keyid}\n`);
        return say(context, 'made the canary key; the running signer uses it within a minute');
      }
      if (factory === undefined) throw new CountersignError('USAGE', 'for which Factory? Give --factory');
      const uses = await readUses();
      const made = await generateKey(
        tokenConfig(chooseToken(pool.config, options.token)),
        { factory, role, type: options.type ?? 'rsa4096', consumed: [...uses.keys()], force },
        pool,
      );
      if (options.json === true) printJson(context, { ...describe(made), use: 'standby' });
      else printData(context, `${made.keyid}\n`);
      say(context, `made ${made.ckaLabel} (${made.keytype}) in token ${made.token.label}; it cannot be taken out`);
    });

  withConfig(key.command('list'))
    .summary('list the keys of the tokens with their attributes and what they are in use for')
    .option('--public', 'print only the public keys, as TUF key objects by role')
    .action(async (options: KeyOptions & { public?: boolean }) => {
      const { chooseToken, tokenConfig, readUses, useOf, readToken, pool } = await open(context, options);
      const chosen = options.token === undefined ? pool.config.tokens : [chooseToken(pool.config, options.token)];
      const keys: TokenKey[] = [];
      const canaries: [token: string, CanaryKey][] = [];
      for (const token of chosen) {
        const held = await readToken(tokenConfig(token), pool);
        keys.push(...held.keys);
        if (held.canary !== null) canaries.push([token.label ?? token.serial ?? '', held.canary]);
      }
      if (options.public === true) {
        const ofRole = (role: string): unknown[] => keys.filter((k) => k.role === role).map((k) => k.key);
        return printJson(context, { root: ofRole('root'), targets: ofRole('targets') });
      }
      const uses = await readUses();
      const withUse = keys.map((one) => ({ ...describe(one), use: useOf(uses, one.keyid) }));
      if (options.json === true) return printJson(context, withUse);
      printData(context, keyTable(withUse));
      for (const [token, { keyid }] of canaries) say(context, `canary key of token ${token}: ${keyid}`);
    });

  key
    .command('export')
    .summary('write what another machine has to know of a key in a token here, with its proof that it is held')
    .argument('<keyid>', 'the whole keyid, as `key list` shows it')
    .requiredOption('--config <path>', 'the signer’s configuration, see config/signer.yaml')
    .option('--factory <name>', 'the Factory it is for; default: the only one that this signer knows')
    .option('-o, --out <file>', 'where to write it, never over a file that is there; default: standard output')
    .option('--json', 'accepted; the output is JSON anyway')
    .action(async (keyid: string, options: { config: string; factory?: string; out?: string }) => {
      const { loadSignerConfig } = await import('../../config/index.js');
      const { formatHeldKey } = await import('../held-key-file.js');
      const { writeNewFile } = await import('../new-file.js');
      const { withSigner } = await import('../with-signer.js');
      const config = loadSignerConfig(options.config, context.settings.credentialsDirectory);
      const text = await withSigner(context, config, async (signer) => {
        const { service, factories } = await signer.status();
        const factory = options.factory ?? onlyOne(factories);
        const { key: held, proof } = await signer.prove({ factory, keyid });
        return formatHeldKey({ _type: 'countersign/held-key', spec: 1, factory, service, key: { ...held, proof } });
      });
      if (options.out === undefined) return printData(context, text);
      await writeNewFile(options.out, text);
      say(context, `${options.out}: the public key and its proof; next: countersign root … --key ${options.out}`);
    });

  withConfig(key.command('destroy'))
    .summary('with the signer stopped: destroy a key for good that no root names any more')
    .argument('<keyid>', 'the whole keyid, as `key list` shows it')
    .option('--url <url>', 'the service, which is asked whether an open request names a standby key')
    .option('--client-config <path>', 'client configuration to ask the service with')
    .option('--without-service', 'it cannot be asked: you have made sure that no open request names the key')
    .action(async (keyid: string, options: DestroyOptions) => {
      const { tokenConfig, destroyKey, readUses, useOf, pool } = await open(context, options);
      if (options.withoutService !== true && useOf(await readUses(), keyid) === 'standby') {
        await requireUnrequested(keyid, askedService(context, options));
      }
      const { role, factory, token } = await destroyKey(
        { keyid, tokens: pool.config.tokens.map(tokenConfig), now: context.now() },
        pool,
      );
      if (options.json === true) printJson(context, { keyid, role, factory, token });
      say(context, `destroyed: ${role} key ${keyid} of ${factory} in token ${token.label}`);
    });
}

/** Everything that touches tokens is loaded only when one of these commands runs. */
async function open(context: CliContext, options: KeyOptions) {
  const { loadSignerConfig } = await import('../../config/index.js');
  const { destroyKey, generateCanary, generateKey, readKeyUses, readToken, useOf } =
    await import('../../signer/index.js');
  const { createLogger } = await import('../../telemetry/index.js');
  const { chooseToken, tokenConfig } = await import('../signer-tokens.js');
  const config = loadSignerConfig(options.config, context.settings.credentialsDirectory);
  const logger = createLogger({ level: 'warn', style: 'text', program: 'key' });
  return {
    chooseToken,
    tokenConfig,
    destroyKey,
    generateCanary,
    generateKey,
    readToken,
    readUses: () => readKeyUses(config.stateDir),
    useOf,
    pool: { config, logger, stateDir: config.stateDir },
  };
}

/** @throws USAGE */
function askedService(context: CliContext, { url, clientConfig }: DestroyOptions): ReturnType<typeof serviceClient> {
  const settings = clientSettings(context, {
    ...(url === undefined ? {} : { url }),
    ...(clientConfig === undefined ? {} : { config: clientConfig }),
  });
  try {
    return serviceClient(settings);
  } catch (cause) {
    throw new CountersignError('USAGE', 'only the service knows whether an open request names this standby key', {
      hint: 'give --url or --client-config to have it asked, or --without-service if you know that none does',
      cause,
    });
  }
}

/** @throws USAGE */
function onlyOne(factories: readonly string[]): string {
  const [only, ...others] = factories;
  if (only !== undefined && others.length === 0) return only;
  throw new CountersignError('USAGE', 'for which Factory? Give --factory', { hint: `one of ${factories.join(', ')}` });
}

/** @throws USAGE */
function requireNoFactory(factory: string | undefined): void {
  if (factory === undefined) return;
  throw new CountersignError('USAGE', 'a canary key belongs to a token and to no Factory', {
    hint: 'leave --factory out',
  });
}

function describe(key: TokenKey): Omit<TokenKey, 'key'> & { public: TokenKey['key'] } {
  const { keyid, keytype, role, factory, token, ckaId, ckaLabel, attributes, maxMessageBytes } = key;
  return { keyid, keytype, role, factory, token, ckaId, ckaLabel, attributes, maxMessageBytes, public: key.key };
}

function keyTable(keys: readonly (Omit<TokenKey, 'key'> & { readonly use: string })[]): string {
  const yes = (value: boolean | null): string => (value === null ? 'not told' : value ? 'yes' : 'no');
  return formatTable(
    ['keyid', 'type', 'role', 'factory', 'use', 'token', 'made inside', 'can leave'],
    keys.map((key) => [
      key.keyid,
      key.keytype,
      key.role,
      key.factory,
      key.use,
      key.token.label,
      yes(key.attributes.local),
      yes(key.attributes.extractable),
    ]),
  );
}
