import type { Command } from 'commander';
import type { WaveRequestBody } from '../../api/index.js';
import { CountersignError } from '../../errors.js';
import { formatTime } from '../../tuf/index.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { parseTime, versionList, wholeNumber } from '../parse-options.js';
import { readInputFile } from '../read-input-file.js';
import { askReason } from '../ask-reason.js';
import { factoryName } from '../factory-name.js';
import type { EndOptions } from '../report-end.js';
import { reportSubmission } from '../report-submission.js';
import { serviceClient } from '../service-client.js';

const DAY_MS = 86_400_000;

interface InitOptions extends ClientOptions, EndOptions {
  readonly factory?: string;
  readonly reason?: string;
  readonly prune?: readonly number[];
  readonly sourceTag?: string;
  readonly expiresDays?: number;
  readonly expiresAt?: string;
  readonly targets?: string;
  readonly idempotencyKey?: string;
  readonly dryRun?: boolean;
}

export function addWaveInitCommand(waves: Command, context: CliContext, exit: (code: number) => void): void {
  waves
    .command('init')
    .summary('ask for a Wave: a version of your Targets for production devices of a tag')
    .argument('<name>', 'the Wave’s name')
    .argument('<version>', 'the version of the CI Targets to release', wholeNumber(1))
    .argument('<tag>', 'the production tag, e.g. production')
    .option('-m, --reason <text>', 'why; the officers read it')
    .option('--prune <versions>', 'versions to drop from the tag’s production Targets, e.g. 40,41', versionList)
    .option('--source-tag <tag>', 'take only those Targets of the version that have this tag in CI')
    .option('-e, --expires-days <n>', 'how many days the Wave’s metadata lives', wholeNumber(1))
    .option('-E, --expires-at <time>', 'until when it lives, e.g. 2027-12-13T00:00:00Z')
    .option('--targets <file>', 'unsigned targets metadata to submit instead of having it made')
    .option('--factory <name>', 'the Factory; default: the only one of the client configuration')
    .option('--idempotency-key <key>', 'the same key with the same request never asks twice')
    .option('-d, --dry-run', 'check everything and show what would be signed; ask nobody')
    .option('-w, --wait [seconds]', 'wait until it is delivered or refused', wholeNumber(1))
    .option('--url <url>', 'the service')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print the request as JSON')
    .action(async (name: string, version: number, tag: string, options: InitOptions) => {
      const settings = clientSettings(context, options);
      const api = serviceClient(settings);
      const factory = factoryName(settings, options.factory);
      const body = await bodyOf(context, name, version, tag, options);
      const submission = await api.submitWave(factory, body, {
        ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
      });
      await reportSubmission(context, api, submission, options, exit);
    });
}

async function bodyOf(
  context: CliContext,
  name: string,
  version: number,
  tag: string,
  options: InitOptions,
): Promise<WaveRequestBody> {
  const reason = await askReason(context, 'Why this Wave?', options.reason);
  const dryRun = options.dryRun === true ? { dryRun: true } : {};
  if (options.targets === undefined) {
    return {
      name,
      version,
      tag,
      reason,
      ...dryRun,
      ...(options.prune === undefined ? {} : { prune: [...options.prune] }),
      ...(options.sourceTag === undefined ? {} : { sourceTag: options.sourceTag }),
      ...expiresOf(context, options),
    };
  }
  for (const other of ['prune', 'sourceTag', 'expiresDays', 'expiresAt'] as const) {
    if (options[other] === undefined) continue;
    throw new CountersignError('USAGE', `--targets and ${other} do not go together: the file says it already`);
  }
  return { name, version, tag, reason, ...dryRun, targets: readInputFile(options.targets).toString('utf8') };
}

function expiresOf(context: CliContext, options: InitOptions): { expires?: string } {
  if (options.expiresDays !== undefined && options.expiresAt !== undefined) {
    throw new CountersignError('USAGE', 'give one of --expires-days and --expires-at');
  }
  if (options.expiresAt !== undefined) return { expires: formatTime(parseTime(options.expiresAt, '--expires-at')) };
  if (options.expiresDays === undefined) return {};
  return { expires: formatTime(new Date(context.now().getTime() + options.expiresDays * DAY_MS)) };
}
