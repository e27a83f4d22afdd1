import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { CountersignError } from '../../errors.js';
import type { RequestKeyListWire } from '../../api/index.js';
import { clientSettings, type ClientOptions, type ClientSettings } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { factoryName } from '../factory-name.js';
import { createRequestKeys, keepWhileRegistering, registrationOf } from '../request-key/create-keys-file.js';
import { howToPointFioctl } from '../request-key/point-fioctl.js';
import { readSecretFile } from '../secret-file.js';
import { serviceClient } from '../service-client.js';
import { plain, printData, printJson, say } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';

interface RequestKeyOptions extends ClientOptions {
  readonly factory?: string;
  readonly json?: boolean;
}

interface CreateOptions extends RequestKeyOptions {
  readonly for: string;
  readonly out: string;
  readonly factoryToken?: string;
  readonly gateway?: string;
}

/** Keys by which people and CI jobs ask with fioctl. The private parts are made here and stay in one file. */
export function addRequestKeyCommands(program: Command, context: CliContext): void {
  const requestKey = program
    .command('request-key')
    .description('keys that say who asks with fioctl; no device trusts them');
  const withService = (command: Command): Command =>
    command
      .option('--url <url>', 'the service')
      .option('--config <path>', 'client configuration')
      .option('--json', 'print as JSON');
  const withFactory = (command: Command): Command =>
    withService(command).option('--factory <name>', 'the Factory; default: the only one of the client configuration');

  withFactory(requestKey.command('create'))
    .summary('make your request keys, register them, and write them to a keys file for fioctl')
    .requiredOption('--for <name>', 'who asks with them: you, or the CI job whose token calls')
    .requiredOption('--out <file>', 'new file for the keys, in fioctl’s layout; mode 0600')
    .option('--factory-token <file>', 'your own token for the Factory; default: as the client configuration says')
    .option('--gateway <url>', 'where fioctl reaches Countersign, for the instructions')
    .action(async (options: CreateOptions) => {
      const settings = clientSettings(context, options);
      const factory = factoryName(settings, options.factory);
      const token = factoryTokenOf(settings, factory, options.factoryToken);
      requireNew(options.out);
      const keys = await createRequestKeys();
      const body = registrationOf(keys, factory, options.for);
      const { items } = await keepWhileRegistering(options.out, keys, () =>
        serviceClient(settings).registerRequestKeys(factory, body, token),
      );
      const [first] = items;
      if (options.json === true) printJson(context, { set: first?.set, file: options.out, keys: items });
      else printData(context, `${first?.set ?? ''}\n`);
      say(
        context,
        `request keys of ${options.for} for ${factory} are in ${options.out}, bound to the account ${plain(first?.polisId ?? '')}`,
      );
      say(context, howToPointFioctl({ factory, file: options.out, gateway: options.gateway }));
    });

  withFactory(requestKey.command('list'))
    .summary('list request keys, revoked ones too')
    .action(async (options: RequestKeyOptions) => {
      const settings = clientSettings(context, options);
      const { items } = await serviceClient(settings).requestKeys(factoryName(settings, options.factory));
      if (options.json === true) printJson(context, items);
      else if (items.length > 0) printData(context, formatKeys(items));
      if (items.length === 0) say(context, 'no request keys');
    });

  withService(requestKey.command('revoke'))
    .summary('revoke a set for good; what was asked for with it and is not signed is cancelled')
    .argument('<id>', 'of the set, or of a key in it')
    .action(async (id: string, options: RequestKeyOptions) => {
      const { items } = await serviceClient(clientSettings(context, options)).revokeRequestKeys(id);
      if (options.json === true) printJson(context, items);
      say(context, `the request keys ${items[0]?.set ?? id} of ${plain(items[0]?.name ?? '')} are revoked`);
    });
}

/** Before a second is spent on making keys. */
function requireNew(path: string): void {
  if (!existsSync(path)) return;
  throw new CountersignError('USAGE', `${path} is there already`, {
    hint: 'A file of keys is never overwritten: give another path.',
    details: { path },
  });
}

function factoryTokenOf(settings: ClientSettings, factory: string, file: string | undefined): string {
  if (file !== undefined) return readSecretFile(file);
  const configured = settings.factory(factory);
  if (configured !== null) return configured.token();
  throw new CountersignError('USAGE', `your own token for the Factory ${factory} is needed`, {
    hint: 'Give --factory-token, or write factories.NAME.tokenFile to the client configuration.',
  });
}

function formatKeys(items: RequestKeyListWire['items']): string {
  return formatTable(
    ['set', 'of', 'account', 'role', 'keytype', 'keyid', 'created', 'revoked'],
    items.map(({ set, name, kind, polisId, role, key, keyid, created, revoked }) => [
      set,
      kind === 'ci' ? `${name} (CI)` : name,
      plain(polisId),
      role,
      key.keytype,
      keyid.slice(0, 8),
      created,
      revoked ?? '-',
    ]),
  );
}
