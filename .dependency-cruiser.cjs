/** The arrows of ARCHITECTURE.md, as rules. A folder may import what stands left of it, never what stands right. */
const PURE = ['tuf', 'factory', 'approval', 'policy', 'dossier', 'recovery'];

/** What each folder of src/ may import from the other folders (errors.ts is open to all, silence.ts to those that wait for others). */
const MAY_IMPORT = {
  tuf: [],
  telemetry: [],
  factory: ['tuf'],
  approval: ['tuf'],
  policy: ['tuf', 'factory', 'approval'],
  dossier: ['tuf', 'factory', 'approval', 'policy'],
  recovery: ['tuf', 'factory', 'approval', 'policy', 'dossier'],
  'offline-keys': ['tuf'],
  signing: [...PURE, 'telemetry'],
  signer: [...PURE, 'telemetry'],
  store: [...PURE, 'signing', 'telemetry'],
  foundries: ['tuf', 'factory', 'signing', 'telemetry'],
  api: [...PURE],
  http: [...PURE, 'api', 'signing', 'telemetry'],
  gateway: [...PURE, 'api', 'signing', 'telemetry'],
  sandbox: ['tuf', 'factory', 'telemetry'],
  config: [...PURE, 'signer', 'signing', 'telemetry'],
  cli: [
    ...PURE,
    'api',
    'http',
    'gateway',
    'signing',
    'signer',
    'store',
    'foundries',
    'offline-keys',
    'sandbox',
    'config',
    'telemetry',
  ],
};

const folders = Object.keys(MAY_IMPORT);

module.exports = {
  forbidden: [
    ...folders.map((folder) => ({
      name: `arrows-of-${folder}`,
      comment: `src/${folder} imports only: ${MAY_IMPORT[folder].join(', ') || 'errors'}`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: {
        path: '^src/',
        pathNot: [`^src/(${[folder, ...MAY_IMPORT[folder]].join('|')})/`, '^src/errors\\.ts$', '^src/silence\\.ts$'],
      },
    })),
    {
      name: 'through-the-front-door',
      comment: 'Neighbours import a folder through its index.ts only.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/([^/]+)/', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$', '^src/signer/client/index\\.ts$'] },
    },
    {
      name: 'pure-folders-do-no-io',
      comment: 'They decide; whoever calls them reads, writes, asks the clock and the network.',
      severity: 'error',
      from: { path: `^src/(${PURE.join('|')})/` },
      to: { path: '^(node:)?(fs|net|http|https|child_process|process|os|dgram|dns|tls|worker_threads|timers)(/|$)' },
    },
    {
      name: 'pkcs11-stays-in-its-folder',
      severity: 'error',
      from: { pathNot: '^src/signer/pkcs11/' },
      to: { path: 'node_modules/(graphene-pk11|pkcs11js)/' },
    },
    {
      name: 'private-keys-stay-outside',
      comment:
        'Private keys outside of tokens are on their owner’s machine: programs that run for long never read one.',
      severity: 'error',
      from: { pathNot: '^(src/(offline-keys|cli)/|test/|scripts/)' },
      to: { path: '^src/offline-keys/' },
    },
    {
      name: 'prom-client-stays-in-telemetry',
      severity: 'error',
      from: { pathNot: '^src/telemetry/' },
      to: { path: 'node_modules/prom-client/' },
    },
    {
      name: 'no-cycles',
      comment: 'Of types neither: a type that two files need stands in a third.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-dev-dependencies-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'src-knows-no-tests', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench|scripts)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
