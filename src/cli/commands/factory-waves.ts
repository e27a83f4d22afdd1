import type { Command } from 'commander';
import { CountersignError } from '../../errors.js';
import type { FactoryPort, WaveInfo } from '../../signing/index.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { factoryClient } from '../factory-client.js';
import { wholeNumber } from '../parse-options.js';
import { printData, printJson, say } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';

interface FactoryOptions extends ClientOptions {
  readonly factory?: string;
  readonly json?: boolean;
}

/**
 * The Factory's own Wave calls, with the caller's own Factory token: they do not pass the service, so an emergency
 * cancel works whatever happens to it, and nobody has to approve it.
 */
export function addFactoryWaveCommands(waves: Command, context: CliContext): void {
  const withFactory = (command: Command): Command =>
    command
      .option('--factory <name>', 'the Factory; default: the only one of the client configuration')
      .option('--config <path>', 'client configuration')
      .option('--json', 'print as JSON');

  withFactory(waves.command('list'))
    .summary('list the Factory’s Waves')
    .option('--tag <tag>', 'only those of this tag')
    .option('--status <status>', 'only those with this status: active, complete, canceled')
    .action(async (options: FactoryOptions & { tag?: string; status?: string }) => {
      const found = await factoryOf(context, options).waves({
        ...(options.tag === undefined ? {} : { tag: options.tag }),
        ...(options.status === undefined ? {} : { status: options.status }),
      });
      if (options.json === true)
        return printJson(
          context,
          found.map((wave) => wave.raw),
        );
      printData(context, formatTable(['name', 'version', 'tag', 'status'], found.map(row)));
    });

  withFactory(waves.command('show'))
    .summary('show a Wave of the Factory')
    .argument('<name>')
    .action(async (name: string, options: FactoryOptions) => {
      const wave = await factoryOf(context, options).wave(name);
      if (wave === null) throw new CountersignError('FACTORY_NOT_FOUND', `the Factory has no Wave ${name}`);
      if (options.json === true) printJson(context, wave.raw);
      else printData(context, formatTable(['name', 'version', 'tag', 'status'], [row(wave)]));
    });

  withFactory(waves.command('rollout'))
    .summary('roll a Wave out to devices')
    .argument('<name>')
    .argument('[group]', 'a device group; without it, the whole Factory')
    .option('--limit <n>', 'at most so many devices', wholeNumber(1))
    .option('--percentage <n>', 'so many per cent of the devices', wholeNumber(1))
    .option('--dry-run', 'only say which devices it would be')
    .action(
      async (
        name: string,
        group: string | undefined,
        options: FactoryOptions & { limit?: number; percentage?: number; dryRun?: boolean },
      ) => {
        const answer = await factoryOf(context, options).rolloutWave(name, {
          ...(group === undefined ? {} : { group }),
          ...(options.limit === undefined ? {} : { limit: options.limit }),
          ...(options.percentage === undefined ? {} : { percentage: options.percentage }),
          ...(options.dryRun === undefined ? {} : { dryRun: options.dryRun }),
        });
        if (options.json === true) printJson(context, answer);
        say(context, options.dryRun === true ? 'dry run: nothing was rolled out' : `${name} is being rolled out`);
      },
    );

  for (const [verb, done] of [
    ['complete', 'completed: its Targets are now the tag’s production Targets'],
    ['cancel', 'cancelled'],
  ] as const) {
    withFactory(waves.command(verb))
      .summary(`${verb} a Wave at the Factory`)
      .argument('<name>')
      .action(async (name: string, options: FactoryOptions) => {
        const factory = factoryOf(context, options);
        await (verb === 'complete' ? factory.completeWave(name) : factory.cancelWave(name));
        if (options.json === true) printJson(context, { name, done: verb });
        say(context, `${name} is ${done}`);
      });
  }
}

function factoryOf(context: CliContext, options: FactoryOptions): FactoryPort {
  const mine = clientSettings(context, options).factory(options.factory);
  if (mine?.url === undefined) {
    throw new CountersignError('USAGE', 'the client configuration names no such Factory with url and tokenFile', {
      hint: 'see `factories` in the annotated config/client.yaml',
    });
  }
  return factoryClient({ ...mine, url: mine.url });
}

function row(wave: WaveInfo): string[] {
  return [wave.name, String(wave.version), wave.tag, wave.status];
}
