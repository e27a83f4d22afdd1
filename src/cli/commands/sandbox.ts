import type { Command } from 'commander';
import type { CliContext } from '../context.js';
import { wholeNumber } from '../parse-options.js';
import { readInputFile } from '../read-input-file.js';
import { printData, printJson, say } from '../terminal/output.js';
import { untilInterrupted } from '../until-interrupted.js';

interface SandboxCommandOptions {
  readonly factory: string;
  readonly host: string;
  readonly port: number;
  readonly people?: string;
  readonly state?: string;
  readonly offlineKeys?: string;
  readonly faults?: boolean;
  readonly json?: boolean;
}

export function addSandboxCommand(program: Command, context: CliContext): void {
  program
    .command('sandbox')
    .summary('run a local Factory: for demos, tests and rehearsals')
    .requiredOption('--factory <name>', 'the Factory’s name')
    .option('--port <n>', 'where to listen', wholeNumber(0), 8450)
    .option('--host <address>', 'the address to listen at', '127.0.0.1')
    .option('--people <file>', 'people and their tokens, instead of alice, bob, carol and dave')
    .option('--state <dir>', 'where to keep its state; without it all is forgotten at the end')
    .option('--offline-keys <file>', 'public keys its roots shall name, as `countersign key list --public` prints them')
    .option('--faults', 'let programs on this machine ask for faults: POST /_sandbox/faults')
    .option('--json', 'say where it listens as JSON')
    .action(async (options: SandboxCommandOptions) => {
      const { startSandbox, parsePeople, parseOfflineKeys } = await import('../../sandbox/index.js');
      const { createLogger } = await import('../../telemetry/index.js');
      const sandbox = await startSandbox({
        factory: options.factory,
        host: options.host,
        port: options.port,
        faults: options.faults === true,
        clock: { now: context.now },
        logger: createLogger({ level: 'info', style: 'text', program: 'sandbox' }),
        ...(options.state === undefined ? {} : { stateDir: options.state }),
        ...(options.people === undefined
          ? {}
          : { people: parsePeople(readInputFile(options.people).toString('utf8')) }),
        ...(options.offlineKeys === undefined
          ? {}
          : { offlineKeys: parseOfflineKeys(readInputFile(options.offlineKeys).toString('utf8')) }),
      });
      if (options.json === true) printJson(context, { url: sandbox.url, factory: sandbox.factory, pid: process.pid });
      else printData(context, `${sandbox.url}\n`);
      if (options.people === undefined) {
        say(
          context,
          options.state === undefined
            ? 'nobody can call it: give --state (tokens are written to people.json there) or --people'
            : `tokens of ${sandbox.people.map((person) => person.name).join(', ')}: ${options.state}/people.json`,
        );
      }
      await untilInterrupted(context);
      await sandbox.close();
    });
}
