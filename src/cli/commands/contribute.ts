import type { Command } from 'commander';
import type { ApiClient, RequestView } from '../../api/index.js';
import { requireKind } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import type { OfflineKey } from '../../offline-keys/index.js';
import { askReason } from '../ask-reason.js';
import { clientSettings, type ClientOptions, type ClientSettings } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { askFirstTime } from '../contribute/first-time.js';
import { confirm, type ConfirmOptions } from '../contribute/confirm.js';
import { prove, type Proof } from '../contribute/prove.js';
import { readKeysFile } from '../contribute/read-keys-file.js';
import { signOutgoing } from '../contribute/sign-outgoing.js';
import { EXIT } from '../exit-codes.js';
import { factoryClient } from '../factory-client.js';
import { factoryName } from '../factory-name.js';
import { readHeldKey } from '../held-key-file.js';
import { describeExamination } from '../officer/describe.js';
import { examine } from '../officer/examine.js';
import { collect, wholeNumber } from '../parse-options.js';
import { reportEnd, type EndOptions } from '../report-end.js';
import { serviceClient } from '../service-client.js';
import { printJson, say } from '../terminal/output.js';

interface ContributeOptions extends ClientOptions, ConfirmOptions, EndOptions {
  readonly keys?: string;
  readonly prove?: boolean;
  readonly firstTime?: boolean;
  readonly saveFirstRoot?: string;
  readonly key?: readonly string[];
  readonly factory?: string;
  readonly reason?: string;
}

/** `countersign contribute`: the last thing that a root key outside of tokens does. It is read, signs, and is forgotten. */
export function addContributeCommand(program: Command, context: CliContext, exit: (code: number) => void): void {
  program
    .command('contribute')
    .summary('sign new roots with the outgoing root key of your old keys file, on this machine, in memory only')
    .argument('[id]', 'the request that retires the key')
    .option('--keys <file>', 'the tgz that fioctl keeps offline keys in')
    .option('--first-time', 'a new Factory: begin with its own first root key, and ask for ownership of root')
    .option(
      '--save-first-root <file>',
      'with --first-time: keep that key in a new file; without, nobody has it afterwards',
    )
    .option(
      '--key <file>',
      'with --first-time: the new key is in a token of another signer, as `key export` wrote it there',
      collect,
    )
    .option('--prove', 'sign nothing for anybody: prove that the keys of the file are good for nothing any more')
    .option(
      '--new-key <keyid>',
      'a key that the update may bring in, as `key list` shows it where the token is; may be given again',
      collect,
    )
    .option('--code <code>', 'the statement’s short code, as `review` prints it')
    .option('-m, --reason <text>', 'with --first-time: why; the officers read it')
    .option('--factory <name>', 'the Factory; default: the only one of the client configuration')
    .option(
      '-w, --wait [seconds]',
      'wait until it is delivered or refused, then prove that the keys are worthless',
      wholeNumber(1),
    )
    .option('--url <url>', 'the service')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print the request, or the proof, as JSON')
    .action(async (id: string | undefined, options: ContributeOptions) => {
      const settings = clientSettings(context, options);
      if (options.firstTime === true) {
        if (id !== undefined || options.keys !== undefined || options.prove === true) {
          throw new CountersignError(
            'USAGE',
            '--first-time makes its own request, with the key that the Factory hands out',
          );
        }
        return await firstTime(context, settings, options, exit);
      }
      if (options.keys === undefined)
        throw new CountersignError('USAGE', 'with which keys? Give --keys or --first-time');
      const keys = await readKeysFile(options.keys);
      if (options.prove === true) {
        return tell(
          context,
          options,
          await prove(context, settings, factoryName(settings, options.factory), keys),
          exit,
        );
      }
      if (id === undefined) throw new CountersignError('USAGE', 'to which request? Give its id');
      const api = serviceClient(settings);
      const request = await contribute(context, settings, api, id, keys, options);
      const last = await reportEnd(context, api, request, options, exit);
      if (last.state !== 'delivered') return;
      if (settings.factory(last.factory)?.url !== undefined) await prove(context, settings, last.factory, keys);
      else say(context, 'whether the keys are worthless now: `countersign contribute --prove`, with a Factory token');
    });
}

async function firstTime(
  context: CliContext,
  settings: ClientSettings,
  options: ContributeOptions,
  exit: (code: number) => void,
): Promise<void> {
  const name = factoryName(settings, options.factory);
  const mine = settings.factory(name);
  if (mine?.url === undefined) {
    throw new CountersignError('USAGE', `the root update of ${name} is begun with a Factory token of your own`, {
      hint: 'write url and tokenFile of the Factory to the client configuration',
    });
  }
  const reason = await askReason(context, 'Why this change of the root?', options.reason);
  const api = serviceClient(settings);
  const port = factoryClient({ ...mine, url: mine.url });
  const { request, key } = await askFirstTime(port, api, {
    reason,
    saveTo: options.saveFirstRoot,
    keys: options.key?.map(readHeldKey),
  });
  say(context, `asked: ${request.quorum.needed} approval(s) needed`);
  const signed = await contribute(context, settings, api, request.id, [key], options).catch(async (error: unknown) => {
    await takeBack(api, request.id);
    throw error;
  });
  await reportEnd(context, api, signed, options, exit);
}

/** Verifies the request as an officer would, has it confirmed, signs, and hands the signatures in. */
async function contribute(
  context: CliContext,
  settings: ClientSettings,
  api: ApiClient,
  id: string,
  keys: readonly OfflineKey[],
  options: ConfirmOptions,
): Promise<RequestView> {
  const examination = await examine(context, api, settings, id);
  const verified = requireKind(examination.verified, 'root');
  say(context, describeExamination(examination));
  await confirm(context, verified, options);
  const signatures = signOutgoing(verified, keys);
  const request = await api.addExternalSignatures(id, { signatures });
  const keyids = [...new Set(signatures.map(({ keyid }) => keyid))];
  say(context, `both roots are signed with ${keyids.join(', ')}`);
  return request;
}

/** Without the first root key's signatures it can never be signed, and that key is gone now. */
async function takeBack(api: ApiClient, id: string): Promise<void> {
  await api.cancel(id, { reason: 'the first root key did not sign it' }).catch(() => undefined);
}

function tell(context: CliContext, { json }: ContributeOptions, proof: Proof, exit: (code: number) => void): void {
  if (json === true) printJson(context, proof);
  if (!proof.worthless) exit(EXIT.refused);
}
