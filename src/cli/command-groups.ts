import type { Command } from 'commander';
import type { CliContext } from './context.js';

/** Adds commands to the program; `exit` sets the status for ends that are no error. */
type AddCommands = (program: Command, context: CliContext, exit: (code: number) => void) => void;

interface CommandGroup {
  /** What the group's command lines begin with. */
  readonly words: readonly string[];
  readonly load: () => Promise<AddCommands>;
}

/** In the order in which the help lists them. */
const GROUPS: readonly CommandGroup[] = [
  {
    words: ['waves', 'wave'],
    load: async () => {
      const { addWaveInitCommand } = await import('./commands/waves.js');
      const { addFactoryWaveCommands } = await import('./commands/factory-waves.js');
      return (program, context, exit) => {
        const waves = program.command('waves').alias('wave').description('ask for Waves, and work with the Factory’s');
        addWaveInitCommand(waves, context, exit);
        addFactoryWaveCommands(waves, context);
      };
    },
  },
  { words: ['root'], load: async () => (await import('./commands/root.js')).addRootCommands },
  { words: ['bundle'], load: async () => (await import('./commands/bundle.js')).addBundleCommands },
  { words: ['contribute'], load: async () => (await import('./commands/contribute.js')).addContributeCommand },
  {
    words: ['requests', 'show', 'cancel', 'signed', 'evidence', 'statement'],
    load: async () => (await import('./commands/requests.js')).addRequestCommands,
  },
  { words: ['dossier'], load: async () => (await import('./commands/dossier.js')).addDossierCommands },
  { words: ['review'], load: async () => (await import('./commands/review.js')).addReviewCommand },
  {
    words: ['approve', 'reject'],
    load: async () => {
      const { addApproveCommand, addRejectCommand } = await import('./commands/approve.js');
      return (program, context) => {
        addApproveCommand(program, context);
        addRejectCommand(program, context);
      };
    },
  },
  { words: ['verify'], load: async () => (await import('./commands/verify.js')).addVerifyCommand },
  { words: ['tuf'], load: async () => (await import('./commands/tuf.js')).addTufCommands },
  { words: ['trust'], load: async () => (await import('./commands/trust.js')).addTrustCommand },
  { words: ['login', 'logout'], load: async () => (await import('./commands/login.js')).addLoginCommands },
  { words: ['token'], load: async () => (await import('./commands/token.js')).addTokenCommands },
  { words: ['request-key'], load: async () => (await import('./commands/request-key.js')).addRequestKeyCommands },
  { words: ['policy'], load: async () => (await import('./commands/policy.js')).addPolicyCommands },
  { words: ['key'], load: async () => (await import('./commands/key.js')).addKeyCommands },
  {
    words: ['signer'],
    load: async () => {
      const { addSignerCommands } = await import('./commands/signer.js');
      const { addRecoverCommands } = await import('./commands/recover.js');
      return (program, context) => addRecoverCommands(addSignerCommands(program, context), context);
    },
  },
  { words: ['doctor'], load: async () => (await import('./commands/doctor.js')).addDoctorCommand },
  { words: ['serve'], load: async () => (await import('./commands/serve.js')).addServeCommand },
  { words: ['sandbox'], load: async () => (await import('./commands/sandbox.js')).addSandboxCommand },
];

/**
 * The commands that a command line can mean: those of the group that its first word names, and all of them where it names none (help,
 * mistakes). To load what the others need would take most commands longer than what they do.
 */
export async function loadCommands(word: string | undefined): Promise<AddCommands[]> {
  const named = GROUPS.filter(({ words }) => word !== undefined && words.includes(word));
  const commands: AddCommands[] = [];
  for (const { load } of named.length > 0 ? named : GROUPS) commands.push(await load());
  return commands;
}
