import { join } from 'node:path';
import type { Command } from 'commander';
import type { SignerConfig } from '../../config/index.js';
import type { SignerStatus } from '../../signer/index.js';
import type { CliContext } from '../context.js';
import { runConfiguredSigner } from '../run-configured-signer.js';
import { collect } from '../parse-options.js';
import { readInputFile } from '../read-input-file.js';
import { plain, printData, printJson, say } from '../terminal/output.js';
import { untilInterrupted } from '../until-interrupted.js';
import { addSignerSignCommand } from './signer-sign.js';

interface SignerCommandOptions {
  readonly config: string;
  readonly json?: boolean;
}

/** @returns the group `signer`, for commands of other files */
export function addSignerCommands(program: Command, context: CliContext): Command {
  const signer = program.command('signer').description('the program with the PIN');
  const withConfig = (command: Command): Command =>
    command.requiredOption('--config <path>', 'the signer’s configuration, see config/signer.yaml');

  withConfig(signer.command('init'))
    .summary('begin its journal: the policy it follows, what it trusts, the keys it has')
    .requiredOption('--policy <file>', 'signed policy; again for later versions, version 1 first', collect)
    .requiredOption('--trust <file>', 'the trust file that `countersign trust` wrote for this machine')
    .option('--json', 'print as JSON')
    .action(async (options: SignerCommandOptions & { policy: string[]; trust: string }) => {
      const { initSigner, listKeys } = await import('../../signer/index.js');
      const { loadPins } = await import('../trust-file.js');
      const { tokenConfig } = await import('../signer-tokens.js');
      const { config, logger } = await load(context, options.config);
      const pins = loadPins(options.trust);
      const policies = options.policy.map(readInputFile);
      const keys = [];
      for (const token of config.tokens) {
        keys.push(...(await listKeys(tokenConfig(token), { logger, stateDir: config.stateDir })));
      }
      const report = await initSigner({ stateDir: config.stateDir, policies, pins, keys, now: context.now() });
      const shown = {
        policy: { version: report.policy.policy.version, sha256: report.policy.sha256 },
        factories: report.factories,
        keyids: report.keyids,
        journal: report.journal,
      };
      if (options.json === true) printJson(context, shown);
      say(
        context,
        `the journal in ${config.stateDir} begins with policy ${report.policy.sha256} and ${keys.length} key(s)`,
      );
    });

  withConfig(signer.command('run'))
    .summary('run the signer')
    .option('--json', 'say where it listens as JSON')
    .action(async (options: SignerCommandOptions) => {
      const { config, logger } = await load(context, options.config);
      const running = await runConfiguredSigner(context, config, logger);
      if (options.json === true) printJson(context, { socket: running.socketPath, pid: process.pid });
      say(context, `the signer listens on ${running.socketPath}`);
      await untilInterrupted(context);
      await running.close();
    });

  withConfig(signer.command('status'))
    .summary('ask the running signer how it is')
    .option('--json', 'print as JSON')
    .action(async (options: SignerCommandOptions) => {
      const { createSignerClient } = await import('../../signer/index.js');
      const { config } = await load(context, options.config);
      const status = await createSignerClient({ socketPath: config.socket, timeoutMs: 10_000 }).status();
      if (options.json === true) printJson(context, status);
      else printData(context, describeStatus(status));
    });

  withConfig(signer.command('pin-reset'))
    .summary('after a refused PIN: the file is right now, try it again')
    .argument('<token>', 'the token’s label or serial number')
    .option('--json', 'print what was forgotten as JSON')
    .action(async (token: string, options: SignerCommandOptions) => {
      const { resetPin } = await import('../../signer/index.js');
      const { config } = await load(context, options.config);
      const forgotten = resetPin(config.stateDir, token);
      if (options.json === true) printJson(context, { forgotten });
      for (const record of forgotten) say(context, `forgotten: ${record}; restart the signer to try again`);
      if (forgotten.length === 0) say(context, `nothing is on record about a PIN of ${token}`);
    });

  withConfig(signer.command('unlock'))
    .summary('a token is attached, or its PIN file is right now: have the running signer look for it at once')
    .argument('<token>', 'the token’s label or serial number')
    .option('--json', 'print how it is as JSON')
    .action(async (token: string, options: SignerCommandOptions) => {
      const { createSignerClient, resetPin } = await import('../../signer/index.js');
      const { config } = await load(context, options.config);
      for (const record of resetPin(config.stateDir, token)) say(context, `forgotten: ${record}`);
      const unlocked = await createSignerClient({ socketPath: config.socket }).unlock(token);
      if (options.json === true) printJson(context, unlocked);
      say(
        context,
        `token ${unlocked.token} is ${unlocked.state}; what waits for it goes on when it is asked for again`,
      );
    });

  withConfig(signer.command('clock-reset'))
    .summary('with the signer stopped, after its clock was ahead: the clock is right now, go on from here')
    .option('--json', 'print both times as JSON')
    .action(async (options: SignerCommandOptions) => {
      const { resetClock } = await import('../../signer/index.js');
      const { config, logger } = await load(context, options.config);
      const reset = await resetClock(config.stateDir, context.now(), logger);
      if (options.json === true) printJson(context, { reset });
      if (reset === null) say(context, 'the clock is not behind the journal; nothing was done');
      else say(context, `the journal was at ${reset.was} and goes on from ${reset.now}`);
    });

  addSignerSignCommand(signer, context);

  const journal = signer.command('journal').description('the signer’s journal');
  journal
    .command('verify')
    .summary('verify the chain of a journal, also of a copy or beside a running signer')
    .argument('[file]', 'journal.jsonl; default: that of --config')
    .option('--config <path>', 'the signer’s configuration')
    .option('--json', 'print as JSON')
    .action(async (file: string | undefined, options: Partial<SignerCommandOptions>) => {
      const { verifyJournal } = await import('../../signer/index.js');
      const report = await verifyJournal(file ?? (await journalOf(context, options.config)));
      if (options.json === true) printJson(context, report);
      say(context, `holds: ${report.entries} entries, head ${report.headHash}, last of ${report.lastAt}`);
    });
  return signer;
}

async function load(context: CliContext, path: string) {
  const { loadSignerConfig } = await import('../../config/index.js');
  const { createLogger } = await import('../../telemetry/index.js');
  const config: SignerConfig = loadSignerConfig(path, context.settings.credentialsDirectory);
  return { config, logger: createLogger({ ...config.log, program: 'signer' }) };
}

async function journalOf(context: CliContext, config: string | undefined): Promise<string> {
  const { CountersignError } = await import('../../errors.js');
  if (config === undefined) throw new CountersignError('USAGE', 'which journal? Give its file or --config');
  return join((await load(context, config)).config.stateDir, 'journal.jsonl');
}

function describeStatus(status: SignerStatus): string {
  return [
    `Service    ${status.service}`,
    `Policy     version ${status.policy.version}, sha256 ${status.policy.sha256}`,
    `Factories  ${status.factories.join(', ')}`,
    ...status.tokens.map((token) => `Token      ${token.label}: ${token.state}, ${token.workers.length} worker(s)`),
    ...status.keys.map(
      (key) => `Key        ${key.keyid} ${key.keytype} ${key.role} of ${key.factory}: ${key.state}, ${key.use}`,
    ),
    ...status.watermarks.map(
      (mark) =>
        `Watermark  ${mark.factory} ${mark.repository} ${mark.role}${mark.tag === null ? '' : ` ${mark.tag}`}: issued ${mark.issued?.version ?? '-'}, published ${mark.published?.version ?? '-'}`,
    ),
    ...status.frozen.map(
      (frozen) =>
        `FROZEN     ${frozen.factory} ${frozen.role}: an unknown signature by ${frozen.keyid}; a misused key, or an older journal (signer recover)`,
    ),
    `Journal    entry ${status.journal.seq}, ${status.journal.hash}, ${status.journal.at}`,
    ...(status.journal.failed
      ? [`FAILED     ${status.journal.failure ?? 'the last write failed: nothing is signed'}`]
      : []),
    ...status.recoveries.map(
      ({ at, reason, persons }) => `Recovered  ${at}, approved by ${persons.join(', ')}: ${plain(reason)}`,
    ),
    ...(status.clockOk
      ? []
      : [
          `CLOCK      ${status.clock ?? ''} is behind the journal’s last entry: nothing is signed until it is set right`,
        ]),
    '',
  ].join('\n');
}
