import type { Command } from 'commander';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { factoryName } from '../factory-name.js';
import { formatHistory, formatRoot, formatTransaction } from '../root/format-root.js';
import { loadRoots } from '../root/load-roots.js';
import { serviceClient } from '../service-client.js';
import { printData, printJson, say } from '../terminal/output.js';

interface StateOptions extends ClientOptions {
  readonly factory?: string;
  readonly json?: boolean;
}

/** `countersign root show | history | status`. */
export function addRootStateCommands(root: Command, context: CliContext): void {
  const withFactory = (command: Command): Command =>
    command
      .option('--factory <name>', 'the Factory; default: the only one of the client configuration')
      .option('--url <url>', 'the service')
      .option('--config <path>', 'client configuration')
      .option('--json', 'print as JSON');

  withFactory(root.command('show'))
    .summary('show the roots in force: keys, owners, thresholds, expiry')
    .action(async (options: StateOptions) => {
      const roots = await load(options);
      const newest = { ci: roots.ci.at(-1) ?? null, production: roots.production.at(-1) ?? null };
      if (options.json === true) printJson(context, { ...roots, ...newest });
      else printData(context, formatRoot(newest.ci, newest.production));
      sayVerified(roots.verifiedBy);
    });

  withFactory(root.command('history'))
    .summary('list all roots that the Factory has published, verified one by the other')
    .action(async (options: StateOptions) => {
      const roots = await load(options);
      if (options.json === true) printJson(context, roots);
      else printData(context, formatHistory(roots.ci, roots.production));
      sayVerified(roots.verifiedBy);
    });

  withFactory(root.command('status'))
    .summary('show the root update that is under way at the Factory, ours or somebody else’s')
    .action(async (options: StateOptions) => {
      const settings = clientSettings(context, options);
      const state = await serviceClient(settings).rootTransaction(factoryName(settings, options.factory));
      if (options.json === true) printJson(context, state);
      else printData(context, formatTransaction(state));
    });

  async function load(options: StateOptions): ReturnType<typeof loadRoots> {
    const settings = clientSettings(context, options);
    return await loadRoots(settings, () => serviceClient(settings), factoryName(settings, options.factory));
  }

  function sayVerified(by: string): void {
    say(
      context,
      `both chains verified by ${by}${by === 'the service' ? ': its word, with no trust and Factory token here' : ''}`,
    );
  }
}
