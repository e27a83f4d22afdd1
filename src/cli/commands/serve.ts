import type { Command } from 'commander';
import type { CliContext } from '../context.js';
import { printJson, say } from '../terminal/output.js';
import { untilInterrupted } from '../until-interrupted.js';

export function addServeCommand(program: Command, context: CliContext): void {
  program
    .command('serve')
    .summary('run the service')
    .requiredOption('--config <path>', 'the service’s configuration, see config/service.yaml')
    .option('--json', 'say where it listens as JSON')
    .action(async (options: { config: string; json?: boolean }) => {
      const { loadServiceConfig } = await import('../../config/index.js');
      const { createLogger } = await import('../../telemetry/index.js');
      const { runService } = await import('../service/run-service.js');
      const config = loadServiceConfig(options.config);
      const logger = createLogger({ ...config.log, program: 'service' });
      const service = await runService(config, { now: context.now }, logger, context.hooks?.service);
      const gateway = service.gateway?.url;
      logger.info('listening', { url: service.http.url, gateway, metrics: service.metrics?.url });
      if (options.json === true)
        printJson(context, { url: service.http.url, gateway, metrics: service.metrics?.url, pid: process.pid });
      say(context, `countersign listens on ${service.http.url}`);
      if (gateway !== undefined) say(context, `fioctl is served on ${gateway}`);
      await untilInterrupted(context);
      logger.info('stopping');
      await service.close();
    });
}
