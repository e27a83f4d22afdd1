import type { ServiceConfig } from '../../config/index.js';
import { createGateway, type GatewayDependencies, type GatewayFactory } from '../../gateway/index.js';
import { startHttpServer, type HttpServer } from '../../http/index.js';

/**
 * Starts the gateway on its own address: whoever may point fioctl at it need not be able to reach the API.
 *
 * @param factories those that the service is configured for
 * @throws CONFIG_INVALID when the address cannot be listened on
 */
export async function startGateway(
  { listen, waitSeconds, silenceSeconds }: NonNullable<ServiceConfig['gateway']>,
  factories: Iterable<GatewayFactory>,
  deps: Pick<GatewayDependencies, 'signing' | 'drafts' | 'clock' | 'logger' | 'observer'> & {
    readonly maxBodyBytes: number;
  },
): Promise<HttpServer> {
  const { maxBodyBytes, ...more } = deps;
  const gateway = createGateway({
    ...more,
    factories: new Map(Array.from(factories, (factory) => [factory.name, factory])),
    limits: { maxBodyBytes, maxWaitSeconds: waitSeconds, silenceMs: silenceSeconds * 1000 },
  });
  const server = await startHttpServer(gateway, listen);
  return {
    url: server.url,
    close: async (graceMs) => {
      await server.close(graceMs);
      gateway.close();
    },
  };
}
