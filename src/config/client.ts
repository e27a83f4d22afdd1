import { z } from 'zod';
import { readYaml, resolveFrom } from './read-yaml.js';

const schema = z.strictObject({
  service: z.url({ protocol: /^https?$/ }).optional(),
  sshKey: z.string().min(1).optional(),
  trust: z.string().min(1).optional(),
  tokenFile: z.string().min(1).optional(),
  factories: z
    .record(
      z.string(),
      z.strictObject({ url: z.url({ protocol: /^https?$/ }).optional(), tokenFile: z.string().min(1) }),
    )
    .default({}),
});

export type ClientConfig = Readonly<z.output<typeof schema>>;

/**
 * `~/` is left for the caller, who knows whose home is meant.
 * The configuration of a person's or a CI job's command line, every relative path resolved from the file's own folder.
 *
 * @throws CONFIG_INVALID
 */
export function loadClientConfig(path: string): ClientConfig {
  const config = readYaml(path, schema);
  const here = (relative: string | undefined): string | undefined =>
    relative === undefined || relative.startsWith('~/') ? relative : resolveFrom(path, relative);
  return Object.freeze({
    ...config,
    sshKey: here(config.sshKey),
    trust: here(config.trust),
    tokenFile: here(config.tokenFile),
    factories: Object.fromEntries(
      Object.entries(config.factories).map(([name, factory]) => [
        name,
        { ...factory, tokenFile: here(factory.tokenFile) ?? factory.tokenFile },
      ]),
    ),
  });
}
