import type { Command } from 'commander';
import { describeBundle, formatBundle, verifyStick } from '../../factory/index.js';
import { askReason } from '../ask-reason.js';
import { checkPinned } from '../bundle/check-pinned.js';
import { readStick } from '../bundle/read-stick.js';
import { writeBack } from '../bundle/write-back.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { factoryName } from '../factory-name.js';
import { wholeNumber } from '../parse-options.js';
import type { EndOptions } from '../report-end.js';
import { reportSubmission } from '../report-submission.js';
import { serviceClient } from '../service-client.js';
import { printData, printJson, say } from '../terminal/output.js';

interface SignOptions extends ClientOptions, EndOptions {
  readonly factory?: string;
  readonly reason?: string;
  readonly dryRun?: boolean;
}

/** `countersign bundle …`: has offline bundles signed, which `fioctl targets offline-update` makes. */
export function addBundleCommands(program: Command, context: CliContext, exit: (code: number) => void): void {
  const bundle = program.command('bundle').description('have bundles for devices without network signed');

  bundle
    .command('sign')
    .summary('ask for the offline signature of a bundle, and write it into the folder once it is there')
    .argument('<folder>', 'as `fioctl targets offline-update` made it')
    .option('-m, --reason <text>', 'why; the officers read it')
    .option('--factory <name>', 'the Factory; default: the only one of the client configuration')
    .option('-d, --dry-run', 'check everything and show what would be signed; ask nobody')
    .option('-w, --wait [seconds]', 'wait until it is signed or refused, and write it back', wholeNumber(1))
    .option('--url <url>', 'the service')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print the request as JSON')
    .action(async (folder: string, options: SignOptions) => {
      await sign(context, folder, options, exit);
    });

  bundle
    .command('show')
    .summary('verify a folder as a device would, and show what its bundle lists and who has signed it')
    .argument('<folder>')
    .option('--json', 'print as JSON')
    .action((folder: string, options: { json?: boolean }) => {
      const stick = readStick(folder);
      const { root, change, signatures } = verifyStick(stick, context.now());
      const summary = describeBundle(change, stick.targets.signed);
      const { signed, threshold, missing } = signatures;
      if (options.json === true) {
        printJson(context, { ...summary, rootVersion: root.signed.version, signed, threshold, missing });
        return;
      }
      printData(context, formatBundle(summary, null));
      for (const keyid of signed) printData(context, `\nsigned by ${keyid}`);
      printData(context, `\n${signed.length} of ${threshold} signatures under root version ${root.signed.version}\n`);
      say(context, missing === 0 ? 'devices take it' : `${missing} signature(s) missing: countersign bundle sign`);
    });
}

async function sign(
  context: CliContext,
  folder: string,
  options: SignOptions,
  exit: (code: number) => void,
): Promise<void> {
  const stick = readStick(folder);
  if (verifyStick(stick, context.now()).signatures.missing === 0) {
    say(context, `${stick.bundlePath} has all its signatures already; devices take it`);
    return;
  }
  const settings = clientSettings(context, options);
  const factory = factoryName(settings, options.factory);
  if (!(await checkPinned(settings, factory, stick))) {
    say(
      context,
      'this machine has no trust file or no Factory token: that its roots are the published ones, the service checks',
    );
  }
  const api = serviceClient(settings);
  const { files } = stick;
  const submission = await api.submitBundle(factory, {
    reason: await askReason(context, 'Why this bundle?', options.reason),
    ...(options.dryRun === true ? { dryRun: true } : {}),
    folder: {
      bundle: files.bundle.toString('utf8'),
      targets: files.targets.toString('utf8'),
      roots: files.roots.map((root) => root.toString('utf8')),
    },
  });
  const last = await reportSubmission(context, api, submission, options, exit);
  if (last === null) return;
  if (last.state !== 'delivered') {
    if (options.wait === undefined)
      say(context, 'run it again once it is approved: it then writes the signed bundle back');
    return;
  }
  writeBack(folder, stick, Buffer.from(await api.signed(last.id), 'utf8'), context.now());
  say(context, `${stick.bundlePath} is signed: devices take it`);
}
