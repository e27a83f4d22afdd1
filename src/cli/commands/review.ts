import type { Command } from 'commander';
import { shortCode } from '../../dossier/index.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { examine } from '../officer/examine.js';
import { describeExamination } from '../officer/describe.js';
import { serviceClient } from '../service-client.js';
import { printData, printJson, say } from '../terminal/output.js';

export function addReviewCommand(program: Command, context: CliContext): void {
  program
    .command('review')
    .summary('verify a request on this machine and show what it changes')
    .argument('<id>')
    .option('--url <url>', 'the service')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print the result as JSON')
    .action(async (id: string, options: ClientOptions & { json?: boolean }) => {
      const settings = clientSettings(context, options);
      const { verified, freshness } = await examine(context, serviceClient(settings), settings, id);
      if (options.json === true) {
        printJson(context, {
          id,
          statementSha256: verified.statementSha256,
          shortCode: shortCode(verified.statementSha256),
          statement: verified.statement,
          summary: verified.summary,
          ...(verified.kind === 'root' ? { missingSigners: verified.missingSigners } : {}),
          quorum: verified.quorum,
          approvals: verified.approvals,
          rejections: verified.rejections,
          freshness,
        });
        return;
      }
      printData(context, describeExamination({ verified, freshness }));
      say(context, `to approve: countersign approve ${id}; to reject: countersign reject ${id} --reason …`);
    });
}
