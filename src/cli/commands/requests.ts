import type { Command } from 'commander';
import type { ApiClient, RequestView } from '../../api/index.js';
import { CountersignError } from '../../errors.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { saveEvidence } from '../save-evidence.js';
import { describeRequest } from '../describe-request.js';
import { wholeNumber } from '../parse-options.js';
import { serviceClient } from '../service-client.js';
import { waitForEnd } from '../wait-for-end.js';
import { printData, printJson, say } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';

interface ListOptions extends ClientOptions {
  readonly state?: string;
  readonly factory?: string;
  readonly tag?: string;
  readonly limit: number;
  readonly watch?: boolean;
  readonly interval: number;
  readonly json?: boolean;
}

export function addRequestCommands(program: Command, context: CliContext): void {
  const withClient = (command: Command): Command =>
    command.option('--url <url>', 'the service').option('--config <path>', 'client configuration');

  withClient(program.command('requests'))
    .summary('list requests, the newest first')
    .option('--state <state>', 'only those in this state: open, signed, delivered, closed, abandoned')
    .option('--factory <name>', 'only those of this Factory')
    .option('--tag <tag>', 'only Waves and bundles of this tag')
    .option('--limit <n>', 'at most so many', wholeNumber(1), 50)
    .option('--watch', 'stay, and show what waits for approvals as it comes and goes')
    .option('--interval <seconds>', 'how often --watch looks', wholeNumber(1), 5)
    .option('--json', 'print as JSON; with --watch one object a line')
    .action(async (options: ListOptions) => {
      const api = serviceClient(clientSettings(context, options));
      if (options.watch === true) return await watch(context, api, options);
      const { items } = await api.requests(filterOf(options));
      if (options.json === true) printJson(context, items);
      else printData(context, items.length === 0 ? '' : requestTable(items));
      if (items.length === 0) say(context, 'no requests');
    });

  withClient(program.command('show'))
    .summary('show a request as the service tells it (to judge it, use review)')
    .argument('<id>')
    .option('-w, --wait <seconds>', 'wait so long for its end', wholeNumber(1))
    .option('--json', 'print as JSON')
    .action(async (id: string, options: ClientOptions & { wait?: number; json?: boolean }) => {
      const api = serviceClient(clientSettings(context, options));
      const request =
        options.wait === undefined ? await api.request(id) : await waitForEnd(context, api, id, options.wait);
      if (options.json === true) printJson(context, request);
      else printData(context, describeRequest(request));
    });

  withClient(program.command('cancel'))
    .summary('take back a request')
    .argument('<id>')
    .option('--reason <text>', 'why')
    .option('--json', 'print as JSON')
    .action(async (id: string, options: ClientOptions & { reason?: string; json?: boolean }) => {
      const api = serviceClient(clientSettings(context, options));
      const request = await api.cancel(id, options.reason === undefined ? {} : { reason: options.reason });
      if (options.json === true) printJson(context, request);
      say(context, `${id} is ${request.state}`);
    });

  withClient(program.command('signed'))
    .summary('print the signed metadata of a request')
    .argument('<id>')
    .option('--json', 'accepted; the output is JSON anyway')
    .action(async (id: string, options: ClientOptions) => {
      printData(context, await serviceClient(clientSettings(context, options)).signed(id));
    });

  withClient(program.command('evidence'))
    .summary('print all evidence of a signed request, the signer’s journal included: keep it, `verify` reads it')
    .argument('[id]')
    .option(
      '--all',
      'of every signed request, each into a file of its own: keep these, a lost journal is rebuilt from them',
    )
    .option('-o, --out <folder>', 'with --all: where to write')
    .option('--json', 'accepted; the output is JSON anyway')
    .action(async (id: string | undefined, options: ClientOptions & { all?: boolean; out?: string }) => {
      if (options.all === true) return await saveAllEvidence(context, options);
      if (id === undefined) throw new CountersignError('USAGE', 'of which request? Give its id, or --all');
      for await (const line of serviceClient(clientSettings(context, options)).evidence(id)) {
        printData(context, line.endsWith('\n') ? line : `${line}\n`);
      }
    });

  withClient(program.command('statement'))
    .summary('print a request’s statement: the exact bytes that officers sign')
    .argument('<id>')
    .option('--json', 'accepted; the output is JSON anyway')
    .action(async (id: string, options: ClientOptions) => {
      printData(context, await serviceClient(clientSettings(context, options)).statement(id));
    });
}

async function saveAllEvidence(context: CliContext, options: ClientOptions & { out?: string }): Promise<void> {
  if (options.out === undefined) throw new CountersignError('USAGE', '--all needs a folder: --out');
  const { evidence, dossiers } = await saveEvidence(
    serviceClient(clientSettings(context, options)),
    options.out,
    context,
  );
  say(context, `${options.out}: evidence of ${evidence} request(s), the dossiers of ${dossiers} more`);
}

/** Prints each waiting request once, and says when it needs nobody any more. Ends with the interrupt. */
async function watch(context: CliContext, api: ApiClient, options: ListOptions): Promise<void> {
  const waiting = new Map<string, string>();
  while (!context.interrupted.aborted) {
    const { items } = await api.requests({ ...filterOf(options), state: 'open' });
    const open = items.filter((request) => request.progress === 'waiting-for-approvals');
    for (const request of open) {
      const seen = `${request.quorum.persons.length}/${request.quorum.needed}`;
      if (waiting.get(request.id) === seen) continue;
      waiting.set(request.id, seen);
      if (options.json === true) printData(context, `${JSON.stringify(request)}\n`);
      else printData(context, requestTable([request]).split('\n').slice(1).join('\n'));
    }
    for (const id of [...waiting.keys()].filter((known) => open.every((request) => request.id !== known))) {
      waiting.delete(id);
      say(context, `${id} waits no more`);
    }
    await pause(options.interval * 1000, context.interrupted);
  }
}

function requestTable(requests: readonly RequestView[]): string {
  return formatTable(
    ['id', 'factory', 'what', 'version', 'tag', 'state', 'approvals', 'asked by', 'created'],
    requests.map((request) => [
      request.id,
      request.factory,
      request.wave === null ? request.kind : request.wave.name,
      String(request.wave?.version ?? request.root?.version ?? request.bundle?.version ?? '-'),
      request.wave?.tag ?? request.bundle?.tag ?? '-',
      request.state === 'closed' ? `closed: ${request.closedBecause ?? ''}` : request.state,
      `${request.quorum.persons.length}/${request.quorum.needed}`,
      request.requester.name,
      request.created,
    ]),
  );
}

function filterOf(options: ListOptions): Parameters<ApiClient['requests']>[0] {
  return {
    limit: options.limit,
    ...(options.state === undefined ? {} : { state: options.state }),
    ...(options.factory === undefined ? {} : { factory: options.factory }),
    ...(options.tag === undefined ? {} : { tag: options.tag }),
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
