import type { Command } from 'commander';
import type { CliContext } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { plain, printData, printJson, say } from '../terminal/output.js';
import type { DoctorOptions } from '../doctor/run-doctor.js';

export function addDoctorCommand(program: Command, context: CliContext, exit: (code: number) => void): void {
  program
    .command('doctor')
    .summary('look at everything that has to be right, and say what to do about what is not')
    .option('--service-config <path>', 'the service’s configuration')
    .option('--signer-config <path>', 'the signer’s configuration; run as the signer’s user')
    .option('--client-config <path>', 'client configuration; the one looked at when no other is given')
    .option('--json', 'print as JSON')
    .action(async (options: DoctorOptions & { json?: boolean }) => {
      const { runDoctor } = await import('../doctor/run-doctor.js');
      const findings = await runDoctor(context, options);
      const healthy = findings.every(({ level }) => level !== 'fail');
      if (options.json === true) printJson(context, { ok: healthy, findings });
      else {
        for (const { check, level, message, todo, code } of findings) {
          const what = code === undefined ? message : `${code}: ${message}`;
          printData(context, `${level.padEnd(4)}  ${plain(check)}: ${plain(what)}\n`);
          if (todo !== undefined) printData(context, `      what to do: ${plain(todo)}\n`);
        }
      }
      say(context, healthy ? 'nothing has to be mended' : 'something has to be mended');
      exit(healthy ? EXIT.done : EXIT.refused);
    });
}
