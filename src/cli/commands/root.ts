import { Option, type Command } from 'commander';
import type { RootIntentionBody, RootUpdateBody } from '../../api/index.js';
import { formatTime } from '../../tuf/index.js';
import { askReason } from '../ask-reason.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { factoryName } from '../factory-name.js';
import { readHeldKey } from '../held-key-file.js';
import { collect, parseTime, wholeNumber } from '../parse-options.js';
import { readInputFile } from '../read-input-file.js';
import type { EndOptions } from '../report-end.js';
import { reportSubmission } from '../report-submission.js';
import { parseAdopted } from '../root/parse-adopted.js';
import { parseSuperseded } from '../root/parse-superseded.js';
import { serviceClient } from '../service-client.js';
import { addRootStateCommands } from './root-state.js';

interface SubmitOptions extends ClientOptions, EndOptions {
  readonly factory?: string;
  readonly reason?: string;
  readonly key?: readonly string[];
  readonly without?: readonly string[];
  readonly supersedes?: readonly string[];
  readonly idempotencyKey?: string;
  readonly dryRun?: boolean;
}

interface AskOptions extends SubmitOptions {
  readonly adopt?: readonly string[];
}

type OfflineRole = 'root' | 'targets';
type Keytype = 'ED25519' | 'RSA';
type OnlineRole = 'targets' | 'snapshot' | 'timestamp';

/** `countersign root …`: asks for changes of the Factory's roots, and shows them. New keys are standby keys of the tokens. */
export function addRootCommands(program: Command, context: CliContext, exit: (code: number) => void): void {
  const root = program.command('root').description('ask for changes of the Factory’s root metadata, and look at it');
  const ask = async ({ adopt, ...options }: AskOptions, intention: RootIntentionBody): Promise<void> =>
    await submit(context, options, exit, {
      intentions: [intention],
      ...(adopt === undefined ? {} : { adopt: adopt.map(parseAdopted) }),
    });

  withAsk(root.command('take-ownership'))
    .summary('put the first key of yours into a role (a new Factory’s root: see contribute --first-time)')
    .addOption(roleOption().makeOptionMandatory())
    .action((options: AskOptions & { role: OfflineRole }) =>
      ask(options, { op: 'take-ownership', role: options.role }),
    );

  withAsk(root.command('rotate-key'))
    .summary('put a standby key of the tokens in the place of one in force')
    .addOption(roleOption().makeOptionMandatory())
    .option('--old <keyid>', 'the key to replace, where the role has more than one of yours')
    .addOption(keytypeOption())
    .action((options: AskOptions & { role: OfflineRole; old?: string; keytype?: Keytype }) =>
      ask(options, {
        op: 'rotate-key',
        role: options.role,
        ...(options.old === undefined ? {} : { old: options.old }),
        ...(options.keytype === undefined ? {} : { keytype: options.keytype }),
      }),
    );

  withAsk(root.command('add-key'))
    .summary('put a standby key of the tokens beside those in force')
    .addOption(roleOption().makeOptionMandatory())
    .option('--token <label>', 'the token whose standby key it shall be')
    .action((options: AskOptions & { role: OfflineRole; token?: string }) =>
      ask(options, {
        op: 'add-key',
        role: options.role,
        ...(options.token === undefined ? {} : { token: options.token }),
      }),
    );

  withAsk(root.command('remove-key'))
    .summary('take a key out of a role')
    .argument('<keyid>')
    .addOption(roleOption().makeOptionMandatory())
    .action((keyid: string, options: AskOptions & { role: OfflineRole }) =>
      ask(options, { op: 'remove-key', role: options.role, keyid }),
    );

  withAsk(root.command('set-threshold'))
    .summary('say how many signatures a role needs (of targets: on production devices)')
    .argument('<threshold>', 'how many', wholeNumber(1))
    .addOption(roleOption().makeOptionMandatory())
    .action((threshold: number, options: AskOptions & { role: OfflineRole }) =>
      ask(options, { op: 'set-threshold', role: options.role, threshold }),
    );

  withAsk(root.command('rotate-online-key'))
    .summary('have the Factory make new keys of its own')
    .addOption(
      new Option('--role <role...>', 'which').choices(['targets', 'snapshot', 'timestamp']).makeOptionMandatory(),
    )
    .addOption(keytypeOption().default('ED25519'))
    .action((options: AskOptions & { role: OnlineRole[]; keytype: Keytype }) =>
      ask(options, { op: 'rotate-online-key', roles: options.role, keytype: options.keytype }),
    );

  withAsk(root.command('resign'))
    .summary('sign the roots anew with another expiry')
    .option('-E, --expires-at <time>', 'until when they live; a year from now if left out')
    .action((options: AskOptions & { expiresAt?: string }) =>
      ask(options, {
        op: 'resign',
        ...(options.expiresAt === undefined
          ? {}
          : { expires: formatTime(parseTime(options.expiresAt, '--expires-at')) }),
      }),
    );

  withSubmission(root.command('submit'))
    .summary(
      'ask for the roots in two files, whatever they change: read back into the same changes, or refused where they cannot be',
    )
    .requiredOption('--ci <file>', 'the CI root that shall be, unsigned; its changelog is the Factory’s to write')
    .requiredOption('--production <file>', 'the production root that shall be')
    .action(async ({ ci, production, ...options }: SubmitOptions & { ci: string; production: string }) =>
      submit(context, options, exit, {
        ci: readInputFile(ci).toString('utf8'),
        production: readInputFile(production).toString('utf8'),
      }),
    );

  addRootStateCommands(root, context);
}

function roleOption(): Option {
  return new Option('--role <role>', 'root or targets').choices(['root', 'targets']);
}

function keytypeOption(): Option {
  return new Option('--keytype <type>', 'ED25519 or RSA').choices(['ED25519', 'RSA']);
}

function withAsk(command: Command): Command {
  return withSubmission(command).option(
    '--adopt <tag[:wave]>',
    'have a document signed that no key in force has signed: all of it stands in the review; may be given again',
    collect,
  );
}

function withSubmission(command: Command): Command {
  return command
    .option('-m, --reason <text>', 'why; the officers read it')
    .option(
      '--key <file>',
      'a key in a token of another signer, as `key export` wrote it there: to be brought in; may be given again',
      collect,
    )
    .option(
      '--without <keyid>',
      'a root key in force that is not asked to sign, because its token is lost, say; may be given again',
      collect,
    )
    .option(
      '--supersedes <statement:documents>',
      'roots that another signer has signed and the service does not know of, as that signer names them; may be given again',
      collect,
    )
    .option('--factory <name>', 'the Factory; default: the only one of the client configuration')
    .option('--idempotency-key <key>', 'the same key with the same request never asks twice')
    .option('-d, --dry-run', 'check everything and show what would be signed; ask nobody')
    .option('-w, --wait [seconds]', 'wait until it is delivered or refused', wholeNumber(1))
    .option('--url <url>', 'the service')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print the request as JSON');
}

async function submit(
  context: CliContext,
  options: SubmitOptions,
  exit: (code: number) => void,
  update: DistributiveOmit<RootUpdateBody, 'reason' | 'dryRun'>,
): Promise<void> {
  const settings = clientSettings(context, options);
  const api = serviceClient(settings);
  const body: RootUpdateBody = {
    ...update,
    reason: await askReason(context, 'Why this change of the root?', options.reason),
    ...(options.dryRun === true ? { dryRun: true } : {}),
    ...(options.key === undefined ? {} : { keys: options.key.map(readHeldKey) }),
    ...(options.without === undefined ? {} : { without: [...options.without] }),
    ...(options.supersedes === undefined ? {} : { supersedes: options.supersedes.map(parseSuperseded) }),
  };
  const submission = await api.submitRootUpdate(factoryName(settings, options.factory), body, {
    ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
  });
  await reportSubmission(context, api, submission, options, exit);
}

/** Of each member of a union by itself. */
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
