import type { Command } from 'commander';
import { NAMESPACES, encodeRejection } from '../../approval/index.js';
import { shortCode } from '../../dossier/index.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import { confirmCode } from '../confirm-code.js';
import type { CliContext } from '../context.js';
import { describeExamination } from '../officer/describe.js';
import { examine } from '../officer/examine.js';
import { serviceClient } from '../service-client.js';
import { sshSign } from '../ssh-sign.js';
import { printJson, say } from '../terminal/output.js';

interface DecideOptions extends ClientOptions {
  readonly key?: string;
  readonly code?: string;
  readonly json?: boolean;
}

export function addApproveCommand(program: Command, context: CliContext): void {
  program
    .command('approve')
    .summary('verify a request on this machine, then sign its statement with your SSH key')
    .argument('<id>')
    .option('--code <code>', 'the statement’s short code, as `review` prints it; needed where there is no terminal')
    .option('--key <path>', 'your SSH key, as for ssh-keygen -Y sign -f')
    .option('--url <url>', 'the service')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print the request as JSON')
    .action(async (id: string, options: DecideOptions) => {
      const settings = clientSettings(context, options);
      const api = serviceClient(settings);
      const examination = await examine(context, api, settings, id);
      const { verified } = examination;
      say(context, describeExamination(examination));
      await confirmCode(context, shortCode(verified.statementSha256), options.code, 'approve');
      // The very bytes that were verified above are signed, not bytes fetched again.
      const sshsig = await sshSign(context, {
        keyPath: settings.sshKeyPath(options.key),
        namespace: NAMESPACES.approve,
        message: Buffer.from(verified.statementText, 'utf8'),
      });
      const request = await api.approve(id, { sshsig });
      if (options.json === true) printJson(context, request);
      const { quorum } = request;
      say(
        context,
        quorum.missing > 0
          ? `approved; ${quorum.missing} more approval(s) needed`
          : `approved; that is enough: ${quorum.persons.join(', ')}`,
      );
    });
}

export function addRejectCommand(program: Command, context: CliContext): void {
  program
    .command('reject')
    .summary('reject a request for good, with your SSH key')
    .argument('<id>')
    .requiredOption('--reason <text>', 'why; everybody will read it')
    .option('--key <path>', 'your SSH key, as for ssh-keygen -Y sign -f')
    .option('--url <url>', 'the service')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print the request as JSON')
    .action(async (id: string, options: DecideOptions & { reason: string }) => {
      const settings = clientSettings(context, options);
      const api = serviceClient(settings);
      // No verification first: what does not verify must be rejectable too.
      const { statementSha256 } = await api.request(id);
      const rejection = encodeRejection({ statementSha256, reason: options.reason });
      const sshsig = await sshSign(context, {
        keyPath: settings.sshKeyPath(options.key),
        namespace: NAMESPACES.reject,
        message: rejection,
      });
      const request = await api.reject(id, { rejection: rejection.toString('utf8'), sshsig });
      if (options.json === true) printJson(context, request);
      say(context, `${id} is rejected, for good`);
    });
}
