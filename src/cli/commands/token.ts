import type { Command } from 'commander';
import type { ServiceConfig } from '../../config/index.js';
import type { SignedPolicy } from '../../policy/index.js';
import type { Store } from '../../signing/index.js';
import type { CliContext } from '../context.js';
import { wholeNumber } from '../parse-options.js';
import { writeSecretFile } from '../secret-file.js';
import { printData, printJson, say } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';

const DAY_MS = 86_400_000;
/** How the event log names whoever works on the service's own machine. */
const OPERATOR = 'operator';

interface TokenOptions {
  readonly config: string;
  readonly json?: boolean;
}

/** API tokens are made where the database is, by whoever may write to it: there is no call that makes one. */
export function addTokenCommands(program: Command, context: CliContext): void {
  const token = program.command('token').description('API tokens of requesters and CI jobs, on the service’s machine');
  const withConfig = (command: Command): Command =>
    command
      .requiredOption('--config <path>', 'the service’s configuration, see config/service.yaml')
      .option('--json', 'print as JSON');

  withConfig(token.command('create'))
    .summary('make a token; it is shown once')
    .requiredOption('--name <name>', 'what it is for; statements name it as requester')
    .option(
      '--person <name>',
      'bind it to a person, who then never counts for what was asked with it; else it is a CI job',
    )
    .option('--days <n>', 'how many days it works', wholeNumber(1), 90)
    .option('--out <file>', 'write it to a new file of mode 0600 instead of printing it')
    .action(async (options: TokenOptions & { name: string; person?: string; days: number; out?: string }) => {
      const { createApiToken } = await import('../../http/index.js');
      await withStore(options.config, async (store, policy) => {
        const now = context.now();
        const { bearer, id, expires } = await createApiToken(
          {
            name: options.name,
            kind: options.person === undefined ? 'ci' : 'person',
            person: options.person ?? null,
            expiresAt: new Date(now.getTime() + options.days * DAY_MS),
          },
          { store, policy, now, actor: OPERATOR },
        );
        if (options.out !== undefined) writeSecretFile(options.out, bearer);
        const shown = options.out === undefined ? { token: bearer } : { file: options.out };
        if (options.json === true) printJson(context, { id, name: options.name, expires, ...shown });
        else if (options.out === undefined) printData(context, `${bearer}\n`);
        say(context, `token ${options.name} (${id}) works until ${expires}`);
      });
    });

  withConfig(token.command('list'))
    .summary('list tokens, without their secrets')
    .action(async (options: TokenOptions) => {
      await withStore(options.config, async (store) => {
        const tokens = await store.tokens.list();
        if (options.json === true) {
          const shown = tokens.map(({ id, name, kind, person, expires, revoked, lastUsed }) => {
            return { id, name, kind, person, expires, revoked, lastUsed };
          });
          printJson(context, shown);
          return;
        }
        printData(
          context,
          formatTable(
            ['id', 'name', 'for', 'expires', 'revoked', 'last used'],
            tokens.map((t) => [t.id, t.name, t.person ?? 'CI', t.expires, t.revoked ?? '-', t.lastUsed ?? '-']),
          ),
        );
      });
    });

  withConfig(token.command('revoke'))
    .summary('end a token')
    .argument('<id-or-name>')
    .action(async (idOrName: string, options: TokenOptions) => {
      const { revokeApiToken } = await import('../../http/index.js');
      await withStore(options.config, async (store) => {
        const revoked = await revokeApiToken(idOrName, { store, now: context.now(), actor: OPERATOR });
        if (options.json === true) printJson(context, { id: revoked.id, name: revoked.name, revoked: revoked.revoked });
        say(context, `token ${revoked.name} (${revoked.id}) works no more`);
      });
    });
}

async function withStore(
  configPath: string,
  work: (store: Store, policy: SignedPolicy) => Promise<void>,
): Promise<void> {
  const { loadServiceConfig } = await import('../../config/index.js');
  const { openConfiguredStore } = await import('../service/open-configured-store.js');
  const config = loadServiceConfig(configPath);
  const store = await openConfiguredStore(config);
  try {
    await work(store, await policyInForce(config));
  } finally {
    await store.close();
  }
}

async function policyInForce(config: ServiceConfig): Promise<SignedPolicy> {
  const { loadPolicy } = await import('../service/run-service.js');
  const { loadPins } = await import('../trust-file.js');
  const { verifyPolicyChain } = await import('../../policy/index.js');
  return verifyPolicyChain(config.policy.map(loadPolicy), loadPins(config.trust));
}
