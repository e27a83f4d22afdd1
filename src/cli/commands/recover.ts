import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { NAMESPACES } from '../../approval/index.js';
import { CountersignError } from '../../errors.js';
import {
  checkRecoverySignatures,
  describeRecovery,
  parseRecoveryFile,
  policyOfRecovery,
  type RecoveryFile,
  serializeRecoveryFile,
} from '../../recovery/index.js';
import { serializePolicy, type SignedPolicy } from '../../policy/index.js';
import type { TokenKey } from '../../signer/index.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { factoryClient } from '../factory-client.js';
import { collect, wholeNumber } from '../parse-options.js';
import { collectPublished } from '../recover/collect-published.js';
import { readInputFile } from '../read-input-file.js';
import { replaceFile } from '../replace-file.js';
import { sshSign } from '../ssh-sign.js';
import { printData, printJson, say } from '../terminal/output.js';
import { loadPins } from '../trust-file.js';

interface InputOptions {
  readonly config: string;
  readonly evidence?: readonly string[];
  readonly published?: readonly string[];
  readonly json?: boolean;
}

interface OfficerOptions extends ClientOptions {
  readonly trust?: string;
  readonly json?: boolean;
}

const HOUR_MS = 60 * 60 * 1000;

/** @param signer the group that `recover` belongs to */
export function addRecoverCommands(signer: Command, context: CliContext): void {
  const recover = signer
    .command('recover')
    .description('rebuild a journal that was lost, damaged or replaced by an older one; officers approve it');
  const withInputs = (command: Command): Command =>
    command
      .requiredOption('--config <path>', 'the signer’s configuration; the signer has to be stopped')
      .option('--evidence <path>', 'evidence or dossier, or a folder with them; again for more', collect)
      .option('--published <file>', 'what `signer recover collect` wrote; again for more', collect)
      .option('--json', 'print as JSON');
  const withTrust = (command: Command): Command =>
    command
      .option('--trust <file>', 'trust file; default: that of the client configuration')
      .option('--config <path>', 'client configuration')
      .option('--json', 'print as JSON');

  recover
    .command('collect')
    .summary('save what a Factory publishes now, for the signer’s machine (any machine with a Factory token)')
    .option('--factory <name>', 'the Factory; default: the only one of the client configuration')
    .option('--from-root <version>', 'version of the pinned first root', wholeNumber(1), 1)
    .requiredOption('-o, --out <file>', 'where to write')
    .option('--config <path>', 'client configuration')
    .action(async (options: ClientOptions & { factory?: string; fromRoot: number; out: string }) => {
      const mine = clientSettings(context, options).factory(options.factory);
      if (mine?.url === undefined) {
        throw new CountersignError('USAGE', 'the client configuration names no such Factory with url and tokenFile');
      }
      const port = factoryClient({ ...mine, url: mine.url });
      const published = await collectPublished(port, options.fromRoot);
      replaceFile(options.out, published.map((one) => `${JSON.stringify(one)}\n`).join(''), 0o666);
      say(
        context,
        `${options.out}: the roots of ${mine.name} and ${published.length - 1} document(s) that it publishes`,
      );
    });

  withInputs(recover.command('draft'))
    .summary('find out what the journal lacks and write it down for the officers; changes nothing')
    .requiredOption('--reason <text>', 'what happened')
    .option('--lifetime <hours>', 'how long the officers may take', wholeNumber(1), 72)
    .option('-o, --out <file>', 'where to write', 'recovery.json')
    .action(async (options: InputOptions & { reason: string; lifetime: number; out: string }) => {
      if (existsSync(options.out)) {
        throw new CountersignError('USAGE', `${options.out} is there already`, { hint: 'give another --out' });
      }
      const { draftRecovery } = await import('../../signer/index.js');
      const text = await draftRecovery({
        ...(await signerInputs(context, options)),
        reason: options.reason,
        lifetimeMs: options.lifetime * HOUR_MS,
        now: context.now(),
      });
      replaceFile(options.out, text, 0o666);
      const { recovery } = parseRecoveryFile(text);
      if (options.json === true) printJson(context, recovery);
      else printData(context, describeRecovery(recovery));
      say(context, `${options.out}: not signed yet; next: countersign signer recover sign ${options.out}, by officers`);
    });

  withTrust(recover.command('review').argument('<file>'))
    .summary('show a recovery in words and verify it against what this machine trusts')
    .action((path: string, options: OfficerOptions) => {
      const { file, policy } = load(context, path, options);
      const { needed, persons, missing, satisfied } = checkRecoverySignatures(file, policy);
      if (options.json === true) return printJson(context, { ...file.recovery, needed, persons, missing, satisfied });
      printData(context, describeRecovery(file.recovery));
      say(context, `signed by ${persons.join(', ') || 'nobody'}: ${persons.length} of ${needed}`);
    });

  withTrust(recover.command('sign').argument('<file>'))
    .summary('add your approval to a recovery, with your SSH key')
    .requiredOption('--person <name>', 'which officer you are')
    .option('--key <path>', 'your SSH key, as for ssh-keygen -Y sign -f')
    .action(async (path: string, options: OfficerOptions & { person: string; key?: string }) => {
      const { file, policy } = load(context, path, options);
      say(context, describeRecovery(file.recovery));
      const { person } = options;
      const sshsig = await sshSign(context, {
        keyPath: clientSettings(context, options).sshKeyPath(options.key),
        namespace: NAMESPACES.recover,
        message: Buffer.from(file.text, 'utf8'),
      });
      const signatures = [...file.signatures.filter((other) => other.person !== person), { person, sshsig }];
      const { invalid, needed, persons, satisfied } = checkRecoverySignatures({ ...file, signatures }, policy);
      const mine = invalid.find((entry) => entry.person === person);
      if (mine !== undefined) {
        throw new CountersignError('OFFICER_UNKNOWN', `the signature does not count: ${mine.reason}`, {
          hint: `sign with a key that the policy names for ${person}`,
        });
      }
      replaceFile(path, serializeRecoveryFile(file.recovery, file.policies.map(serializePolicy), signatures), 0o666);
      if (options.json === true) printJson(context, { needed, persons, satisfied });
      say(context, `${path} is signed by ${persons.join(', ')}: ${persons.length} of ${needed}`);
    });

  withInputs(recover.command('apply').argument('<file>'))
    .summary('write an approved recovery into the journal; needs the files that it was drafted from')
    .action(async (path: string, options: InputOptions) => {
      const { applyRecovery } = await import('../../signer/index.js');
      const file = parseRecoveryFile(readInputFile(path).toString('utf8'));
      const report = await applyRecovery({ ...(await signerInputs(context, options)), file, now: context.now() });
      if (options.json === true) printJson(context, report);
      const { persons, entries, journal, kept } = report;
      say(
        context,
        `recovered: ${entries} entries, approved by ${persons.join(', ')}; the journal ends at ${journal.seq}`,
      );
      if (kept !== null) say(context, `the damaged journal is kept as ${kept}`);
    });
}

async function signerInputs(context: CliContext, { config: path, evidence = [], published = [] }: InputOptions) {
  const { loadSignerConfig } = await import('../../config/index.js');
  const { createLogger } = await import('../../telemetry/index.js');
  const { listKeys } = await import('../../signer/index.js');
  const { tokenConfig } = await import('../signer-tokens.js');
  const { evidenceFiles, publishedIn } = await import('../recover/read-inputs.js');
  const { stateDir, tokens, log } = loadSignerConfig(path, context.settings.credentialsDirectory);
  const logger = createLogger({ ...log, program: 'signer' });
  const readKeys = async (): Promise<TokenKey[]> => {
    const keys: TokenKey[] = [];
    for (const token of tokens) keys.push(...(await listKeys(tokenConfig(token), { logger, stateDir })));
    return keys;
  };
  return { stateDir, readKeys, evidence: evidenceFiles(evidence), published: publishedIn(published) };
}

function load(
  context: CliContext,
  path: string,
  options: OfficerOptions,
): { file: RecoveryFile; policy: SignedPolicy } {
  const file = parseRecoveryFile(readInputFile(path).toString('utf8'));
  const pins = loadPins(options.trust ?? clientSettings(context, options).trustPath);
  return { file, policy: policyOfRecovery(file, pins) };
}
