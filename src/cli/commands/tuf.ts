import type { Command } from 'commander';
import { CountersignError, errorFromWire, errorToWire } from '../../errors.js';
import {
  canonicalize,
  parseCanonical,
  parseRoot,
  parseTargets,
  verifyRootChain,
  verifyTargets,
  type RootMetadata,
} from '../../tuf/index.js';
import type { CliContext } from '../context.js';
import { parseTime } from '../parse-options.js';
import { readInputFile } from '../read-input-file.js';
import { printData, printJson, say } from '../terminal/output.js';

interface VerifyOptions {
  readonly targets?: string;
  readonly at?: string;
  readonly json?: boolean;
}

export function addTufCommands(program: Command, context: CliContext): void {
  const tuf = program.command('tuf').description('look at TUF metadata files, without any service');

  tuf
    .command('verify')
    .summary('verify roots as a chain, and targets under the last, as a device would')
    .argument('<root...>', 'root metadata files, the first (trusted) one first')
    .option('--targets <file>', 'a targets file to verify under the last root')
    .option('--at <time>', 'judge expiry at this time instead of now, e.g. 2026-11-22T12:00:00Z')
    .option('--json', 'print the result as JSON')
    .action((files: string[], options: VerifyOptions) => verifyFiles(context, files, options));

  tuf
    .command('canonical')
    .summary('print the canonical bytes of `signed`, over which signatures are made')
    .argument('<file>', 'a metadata file, {signatures, signed}, or a bare `signed`')
    .option('--json', 'accepted; the output is JSON anyway')
    .action((file: string) => printData(context, canonicalSigned(readInputFile(file))));
}

function verifyFiles(context: CliContext, files: readonly string[], options: VerifyOptions): void {
  const now = options.at === undefined ? context.now() : parseTime(options.at, '--at');
  const roots = files.map((file) => named(file, () => parseRoot(readInputFile(file))));
  const last = verifyRootChain(roots, { now });
  const targetsFile = options.targets;
  const targets =
    targetsFile === undefined
      ? undefined
      : named(targetsFile, () => {
          const metadata = parseTargets(readInputFile(targetsFile));
          return { metadata, threshold: verifyTargets(last, metadata, { now }) };
        });
  if (options.json === true) {
    printJson(context, {
      roots: roots.map((root, index) => ({ file: files[index], version: root.signed.version, sha256: root.sha256 })),
      expires: last.signed.expires,
      ...(targets === undefined
        ? {}
        : {
            targets: {
              version: targets.metadata.signed.version,
              sha256: targets.metadata.sha256,
              expires: targets.metadata.signed.expires,
              threshold: targets.threshold,
            },
          }),
    });
    return;
  }
  for (const [index, root] of roots.entries()) say(context, rootLine(root, index === 0));
  if (targets !== undefined) {
    const { metadata, threshold } = targets;
    say(
      context,
      `targets ${metadata.signed.version} verified: ${threshold.signed.length} of ${threshold.threshold} signatures, expires ${metadata.signed.expires}`,
    );
  }
  say(context, `holds at ${now.toISOString()}`);
}

function rootLine(root: RootMetadata, first: boolean): string {
  const how = first ? 'taken as trusted' : 'verified by the root before it and by itself';
  return `root ${root.signed.version} ${how}, sha256 ${root.sha256}, expires ${root.signed.expires}`;
}

/** The bytes of `signed` where the file is whole metadata, else of the whole file. */
function canonicalSigned(bytes: Buffer): Buffer {
  const { bytes: canonical, value } = parseCanonical(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('signed' in value)) return canonical;
  return canonicalize(Buffer.from(JSON.stringify(value['signed']), 'utf8'));
}

/** Names the file in whatever is thrown about it. */
function named<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    throw errorFromWire({ ...errorToWire(error), message: `${file}: ${error.message}` });
  }
}
