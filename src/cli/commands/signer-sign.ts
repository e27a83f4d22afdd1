import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { explainVerification, shortCode, verifyDossier, withSignatures } from '../../dossier/index.js';
import { isCountersignError, restated } from '../../errors.js';
import { confirmCode } from '../confirm-code.js';
import type { CliContext } from '../context.js';
import { dossierFileLines } from '../dossier-file.js';
import { writeNewFile } from '../new-file.js';
import { printJson, say } from '../terminal/output.js';

interface SignOptions {
  readonly config: string;
  readonly out?: string;
  readonly code?: string;
  readonly json?: boolean;
}

/** `countersign signer sign`: what a signer does that no service can reach. */
export function addSignerSignCommand(signer: Command, context: CliContext): void {
  signer
    .command('sign')
    .summary('sign a dossier that was carried here, with the keys of this machine’s tokens')
    .argument('<dossier>', 'as `countersign dossier export` writes it')
    .requiredOption('--config <path>', 'the signer’s configuration, see config/signer.yaml')
    .option('-o, --out <file>', 'where to write what comes of it; ID.signed beside the dossier unless given')
    .option('--code <code>', 'the statement’s short code, as officers see it; needed where there is no terminal')
    .option('--json', 'print what was signed as JSON')
    .action(async (path: string, options: SignOptions) => {
      const { loadSignerConfig } = await import('../../config/index.js');
      const { readPins } = await import('../../signer/index.js');
      const { withSigner } = await import('../with-signer.js');
      const config = loadSignerConfig(options.config, context.settings.credentialsDirectory);
      const lines = (): AsyncIterable<string> => dossierFileLines(path);
      // for whoever sits here; what is signed, the signer decides by itself, from the dossier and its journal
      const pins = await readPins(config.stateDir);
      const shown = await verifyDossier(lines(), pins, context.now(), { judgeBy: 'clock' });
      say(context, explainVerification(shown));
      await confirmCode(context, shortCode(shown.statementSha256), options.code, 'sign');

      const { id } = shown.statement;
      const out = options.out ?? join(dirname(path), `${id}.signed`);
      const { signatures, journal } = await withSigner(context, config, async (client) => {
        const made = await client.sign(lines()).catch((error: unknown) => {
          throw withWhatToName(error);
        });
        return { ...made, journal: (await client.journal(shown.statementSha256)).lines };
      });
      await writeNewFile(out, withSignatures(lines(), signatures, journal));
      await verifyDossier(dossierFileLines(out), pins, context.now());
      const keyids = [...new Set(signatures.map(({ keyid }) => keyid))].sort();
      if (options.json === true) printJson(context, { id, out, keyids, signatures: signatures.length });
      say(context, `${out}: ${signatures.length} signature(s) by ${keyids.join(', ')}`);
      say(context, `next, where the service can be reached: countersign dossier import ${out}`);
    });
}

/** What the service does not know of, only this signer's journal can tell, and only by way of whoever stands here. */
function withWhatToName(error: unknown): unknown {
  if (!isCountersignError(error, 'WATERMARK_ISSUED')) return error;
  const statements = error.details?.['statements'];
  if (!Array.isArray(statements) || statements.length === 0) return error;
  const options = statements.map((statement) => `--supersedes ${statement}`).join(' ');
  return restated(error, { hint: `have the request cancelled, and ask for the same with ${options}` });
}
