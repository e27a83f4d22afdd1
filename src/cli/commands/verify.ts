import type { Command } from 'commander';
import {
  explainVerification,
  readDossierLines,
  requireApproved,
  verifyDossier,
  type VerifiedDossier,
} from '../../dossier/index.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { dossierFileLines } from '../dossier-file.js';
import { parseTime } from '../parse-options.js';
import { printData, printJson, say } from '../terminal/output.js';
import { loadPinsOrExplain } from '../trust-file.js';

interface VerifyOptions extends ClientOptions {
  readonly trust?: string;
  readonly at?: string;
  readonly json?: boolean;
}

export function addVerifyCommand(program: Command, context: CliContext): void {
  program
    .command('verify')
    .summary('verify a dossier file, offline: what was approved by whom, and whether it holds')
    .argument(
      '<file>',
      'a dossier, as `countersign dossier ID` or `countersign evidence ID` writes it; - for standard input',
    )
    .option('--trust <file>', 'trust file; default: that of the client configuration')
    .option('--at <time>', 'judge an unsigned request at this time instead of now')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print the result as JSON')
    .action(async (file: string, options: VerifyOptions) => {
      const pins = await loadPinsOrExplain(context, options.trust ?? clientSettings(context, options).trustPath, () =>
        linesOf(context, file),
      );
      const now = options.at === undefined ? context.now() : parseTime(options.at, '--at');
      const verified = await verifyDossier(linesOf(context, file), pins, now);
      if (options.json === true) {
        printJson(context, {
          id: verified.statement.id,
          statementSha256: verified.statementSha256,
          ...aboutOf(verified),
          policy: { version: verified.policy.policy.version, sha256: verified.policy.sha256 },
          documents: verified.statement.documents,
          quorum: verified.quorum,
          approvals: verified.approvals,
          rejections: verified.rejections,
          signatures: verified.signatures,
          ...(verified.journal === undefined ? {} : { journal: verified.journal }),
          ...(verified.journals.length < 2 ? {} : { journals: verified.journals.map(({ journal }) => journal) }),
          judgedAt: verified.judgedAt.toISOString(),
          judgedBy: verified.judgedBy,
          approved: verified.quorum.missing === 0 && verified.rejections.length === 0,
        });
      } else {
        printData(context, `${explainVerification(verified)}\n`);
      }
      requireApproved(verified);
      say(context, 'it holds');
    });
}

function aboutOf(verified: VerifiedDossier): Record<string, unknown> {
  switch (verified.kind) {
    case 'wave':
      return { wave: verified.wave };
    case 'root': {
      const { summary, externals, missingSigners } = verified;
      return { root: { version: summary.version, externals, missingSigners } };
    }
    case 'bundle':
      return { bundle: verified.summary };
  }
}

function linesOf(context: CliContext, file: string): AsyncIterable<string> {
  return file === '-' ? readDossierLines(context.stdin) : dossierFileLines(file);
}
