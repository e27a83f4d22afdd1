import type { Command } from 'commander';
import type { Pins } from '../../dossier/index.js';
import { CountersignError } from '../../errors.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { collect } from '../parse-options.js';
import { printJson, say } from '../terminal/output.js';
import { writePins } from '../trust-file.js';

interface TrustOptions extends ClientOptions {
  readonly root: readonly string[];
  readonly file?: string;
  readonly replace?: boolean;
  readonly json?: boolean;
}

export function addTrustCommand(program: Command, context: CliContext): void {
  program
    .command('trust')
    .summary('write down what this machine trusts')
    .description(
      'Writes the file that `review`, `approve`, `verify`, the service and `signer init` measure every dossier by: the digest of ' +
        'policy version 1 and the digest of each Factory’s first root. Take both from a person, not from the service.',
    )
    .argument('<policy-sha256>', 'digest of policy version 1, as `countersign policy show` prints it')
    .requiredOption(
      '--root <[factory=]sha256>',
      'digest of a Factory’s first root; again for more Factories',
      collect,
      [],
    )
    .option('--file <path>', 'where to write; default: the trust file of the client configuration')
    .option('--replace', 'replace other trust that is written there already')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print what was written as JSON')
    .action((policySha256: string, options: TrustOptions) => {
      const settings = clientSettings(context, options);
      const path = options.file ?? settings.trustPath;
      const pins: Pins = {
        policySha256: hex(policySha256, 'policy-sha256'),
        firstRootSha256: Object.fromEntries(
          options.root.map((root) => rootOf(root, settings.factory(undefined)?.name)),
        ),
      };
      writePins(path, pins, options.replace === true);
      if (options.json === true) printJson(context, { file: path, ...pins });
      say(
        context,
        `${path} trusts policy ${pins.policySha256} and the first root of ${Object.keys(pins.firstRootSha256).join(', ')}`,
      );
    });
}

/** `acme=SHA256`, or the bare digest where the client configuration has exactly one Factory. */
function rootOf(value: string, onlyFactory: string | undefined): [string, string] {
  const [, named, digest] = /^(?:([^=]+)=)?(.+)$/u.exec(value) ?? [];
  const factory = named ?? onlyFactory;
  if (factory !== undefined) return [factory, hex(digest ?? '', '--root')];
  throw new CountersignError('USAGE', `--root ${value}: of which Factory?`, { hint: 'write --root NAME=SHA256' });
}

function hex(text: string, name: string): string {
  const digest = text.toLowerCase().replace(/^sha256:/u, '');
  if (/^[0-9a-f]{64}$/u.test(digest)) return digest;
  throw new CountersignError('USAGE', `${name} is not a SHA-256 digest (64 hexadecimal digits)`);
}
