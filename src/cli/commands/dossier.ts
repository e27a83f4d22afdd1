import { rm } from 'node:fs/promises';
import type { Command } from 'commander';
import type { RequestView } from '../../api/index.js';
import { explainVerification, shortCode, verifyDossier } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { describeMissing } from '../describe-request.js';
import { dossierFileLines } from '../dossier-file.js';
import { writeNewFile } from '../new-file.js';
import { wholeNumber } from '../parse-options.js';
import { reportEnd, type EndOptions } from '../report-end.js';
import { serviceClient } from '../service-client.js';
import { printData, printJson, say } from '../terminal/output.js';
import { loadPinsOrExplain } from '../trust-file.js';

/** `countersign dossier …`: a request in one file, to be read anywhere and carried to a signer that no service can reach. */
export function addDossierCommands(program: Command, context: CliContext, exit: (code: number) => void): void {
  const dossier = program.command('dossier').description('a request in one file, with everything needed to verify it');
  const withClient = (command: Command): Command =>
    command.option('--url <url>', 'the service').option('--config <path>', 'client configuration');

  withClient(dossier.command('print', { isDefault: true }))
    .summary('print it; `countersign dossier ID` does the same')
    .argument('<id>')
    .option('--json', 'accepted; the output is JSON anyway')
    .action(async (id: string, options: ClientOptions) => {
      for await (const line of linesOf(context, options, id)) printData(context, line);
    });

  withClient(dossier.command('export'))
    .summary('write it to a new file, to carry to the machine whose tokens have yet to sign')
    .argument('<id>')
    .option('-o, --out <file>', 'where to; ID.dossier unless given. Never over a file that is there')
    .option('--json', 'print what was written as JSON')
    .action(async (id: string, options: ClientOptions & { out?: string; json?: boolean }) => {
      const { out = `${id}.dossier` } = options;
      const settings = clientSettings(context, options);
      await writeNewFile(out, linesOf(context, options, id));
      const verified = await verifyFile(context, settings.trustPath, out).catch(async (error: unknown) => {
        await rm(out, { force: true });
        throw error;
      });
      const request = await serviceClient(settings).request(id);
      const code = shortCode(verified.statementSha256);
      if (options.json === true) printJson(context, { id, out, shortCode: code, quorum: verified.quorum });
      else say(context, explainVerification(verified));
      for (const line of describeMissing(request)) say(context, line);
      say(context, `${out} is written; the code of its statement is ${code}`);
      say(context, `next, where the token is: countersign signer sign ${out} --config signer.yaml`);
    });

  withClient(dossier.command('import'))
    .summary('hand in what a signer made of a dossier that was carried to it')
    .argument('<file>', 'as `countersign signer sign` writes it')
    .option('-w, --wait [seconds]', 'wait until it is delivered or refused', wholeNumber(1))
    .option('--json', 'print the request as JSON')
    .action(async (file: string, options: ClientOptions & EndOptions) => {
      const settings = clientSettings(context, options);
      const { statement, journals } = await verifyFile(context, settings.trustPath, file);
      const api = serviceClient(settings);
      let last: RequestView | undefined;
      for (const { lines } of journals) last = await api.importSignatures(statement.id, { journal: [...lines] });
      if (last === undefined) {
        throw new CountersignError('USAGE', `nothing is signed in ${file}`, {
          hint: 'countersign signer sign writes what can be handed in',
          details: { path: file },
        });
      }
      say(context, 'handed in');
      for (const line of describeMissing(last)) say(context, line);
      await reportEnd(context, api, last, options, exit);
    });
}

async function* linesOf(context: CliContext, options: ClientOptions, id: string): AsyncGenerator<string> {
  for await (const line of serviceClient(clientSettings(context, options)).dossier(id)) {
    yield line.endsWith('\n') ? line : `${line}\n`;
  }
}

/** By the pins of whoever carries it, so that nothing is carried, or handed in, that does not hold. */
async function verifyFile(context: CliContext, trustPath: string, file: string) {
  const pins = await loadPinsOrExplain(context, trustPath, () => dossierFileLines(file));
  return verifyDossier(dossierFileLines(file), pins, context.now());
}
