import { z } from 'zod';
import { logSchema } from './log.js';
import { readYaml, resolveFrom } from './read-yaml.js';

/** No secret stands in a configuration file: those are shown around, copied and kept in version control. */
function holdsPassword(url: string): boolean {
  if (!/^postgres(ql)?:/i.test(url)) return false;
  const authority = /^\w+:\/\/([^/?#]*)/.exec(url)?.[1] ?? '';
  const user = authority.slice(0, Math.max(0, authority.lastIndexOf('@')));
  return user.includes(':') || new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? '').has('password');
}

const schema = z.strictObject({
  listen: z
    .strictObject({ host: z.string().min(1).default('127.0.0.1'), port: z.int().min(0).max(65_535).default(8440) })
    .prefault({}),
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  trustProxy: z.boolean().default(false),
  database: z
    .string()
    .min(1)
    .refine((url) => !holdsPassword(url), 'holds a password: write it to the file that databasePasswordFile names'),
  databasePasswordFile: z.string().min(1).optional(),
  signer: z.strictObject({
    socket: z.string().min(1),
    timeoutSeconds: z.int().min(1).max(600).default(120),
  }),
  policy: z.array(z.string().min(1)).min(1),
  trust: z.string().min(1),
  factories: z.record(
    z.string(),
    z.strictObject({ tokenFile: z.string().min(1), timeoutSeconds: z.int().min(1).max(300).default(30) }),
  ),
  limits: z
    .strictObject({
      bodyMegabytes: z.int().min(1).max(512).default(64),
      requestHours: z.int().min(1).max(72).default(72),
      waitSeconds: z.int().min(0).max(3600).default(600),
      requestsPerMinute: z.int().min(1).max(100_000).default(600),
      sessionMinutes: z.int().min(1).max(1440).default(480),
    })
    .prefault({}),
  gateway: z
    .strictObject({
      listen: z
        .strictObject({ host: z.string().min(1).default('127.0.0.1'), port: z.int().min(0).max(65_535).default(8442) })
        .prefault({}),
      waitSeconds: z.int().min(0).max(3600).default(600),
      silenceSeconds: z.int().min(1).max(3600).default(120),
    })
    .optional(),
  metrics: z
    .strictObject({
      listen: z
        .strictObject({ host: z.string().min(1).default('127.0.0.1'), port: z.int().min(0).max(65_535).default(8441) })
        .prefault({}),
    })
    .optional(),
  log: logSchema,
});

export type ServiceConfig = Readonly<z.output<typeof schema>>;

/**
 * The service's configuration, every relative path resolved from the file's own folder.
 *
 * @throws CONFIG_INVALID
 */
export function loadServiceConfig(path: string): ServiceConfig {
  const config = readYaml(path, schema);
  const here = (relative: string): string => resolveFrom(path, relative);
  const database = config.database.startsWith('sqlite:')
    ? `sqlite:${here(config.database.slice('sqlite:'.length))}`
    : config.database;
  return Object.freeze({
    ...config,
    database,
    ...(config.databasePasswordFile === undefined ? {} : { databasePasswordFile: here(config.databasePasswordFile) }),
    signer: { ...config.signer, socket: here(config.signer.socket) },
    policy: config.policy.map(here),
    trust: here(config.trust),
    factories: Object.fromEntries(
      Object.entries(config.factories).map(([name, factory]) => [
        name,
        { ...factory, tokenFile: here(factory.tokenFile) },
      ]),
    ),
  });
}
