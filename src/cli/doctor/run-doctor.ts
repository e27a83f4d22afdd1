import { existsSync } from 'node:fs';
import { loadServiceConfig, loadSignerConfig, type ServiceConfig, type SignerConfig } from '../../config/index.js';
import type { SignerStatus } from '../../signer/client/index.js';
import { clientSettings, type ClientSettings } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { factoryClient } from '../factory-client.js';
import { readSecretFile } from '../secret-file.js';
import { serviceClient } from '../service-client.js';
import { loadPins } from '../trust-file.js';
import { checkClock } from './check-clock.js';
import { checkConfiguration } from './check-configuration.js';
import { checkFactory } from './check-factory.js';
import { checkGateway } from './check-gateway.js';
import { checkJournal } from './check-journal.js';
import { checkPinFile } from './check-pin-file.js';
import { checkPolicy } from './check-policy.js';
import { checkPublished } from './check-published.js';
import { checkRequestKeys } from './check-request-keys.js';
import { checkKnownRootKeys, checkRootKeys } from './check-root-keys.js';
import { checkSigner } from './check-signer.js';
import { checkStore } from './check-store.js';
import { checkToken } from './check-token.js';
import { examine, ok, warn, type Finding } from './finding.js';

export interface DoctorOptions {
  readonly serviceConfig?: string;
  readonly signerConfig?: string;
  readonly clientConfig?: string;
}

/** Looks at everything that the given configurations name; one thing that fails hinders no other. */
export async function runDoctor(context: CliContext, options: DoctorOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (options.signerConfig !== undefined) {
    const load = (path: string): SignerConfig => loadSignerConfig(path, context.settings.credentialsDirectory);
    const loaded = await checkConfiguration('signer', options.signerConfig, load);
    findings.push(...loaded.findings);
    if (loaded.config !== null) {
      findings.push(...(await examineSigner(loaded.config)));
      // with the service's configuration, what is published now says more
      if (options.serviceConfig === undefined) findings.push(...(await checkKnownRootKeys(loaded.config.stateDir)));
    }
  }
  if (options.serviceConfig !== undefined) {
    const loaded = await checkConfiguration('service', options.serviceConfig, loadServiceConfig);
    findings.push(...loaded.findings);
    if (loaded.config !== null) findings.push(...(await examineService(loaded.config, context)));
  }
  const isAlone = options.signerConfig === undefined && options.serviceConfig === undefined;
  if (options.clientConfig !== undefined || isAlone) {
    const given = options.clientConfig === undefined ? {} : { config: options.clientConfig };
    const where = options.clientConfig ?? 'where it lies by default';
    const loaded = await checkConfiguration('client', where, () => clientSettings(context, given));
    findings.push(...loaded.findings);
    if (loaded.config !== null) findings.push(...(await examineClient(loaded.config, context)));
  }
  return findings;
}

async function examineSigner(config: SignerConfig): Promise<Finding[]> {
  const { status, findings } = await checkSigner(config.socket, null);
  const tokens: Finding[] = [];
  for (const token of config.tokens) {
    tokens.push(...(await checkPinFile(token)), ...(await checkToken(token, config, status)));
  }
  return [...findings, ...(await checkJournal(config.stateDir)), ...tokens];
}

async function examineService(config: ServiceConfig, context: CliContext): Promise<Finding[]> {
  const { trusted, findings } = await checkPolicy(config);
  const store = await checkStore(config);
  findings.push(...store.findings);
  if (config.gateway !== undefined) {
    const served = trusted?.policy.policy.factories.filter(({ name }) => Object.hasOwn(config.factories, name)) ?? [];
    findings.push(...(await checkGateway(config.gateway.listen, served)));
  }
  const signer: { status: SignerStatus | null; findings: Finding[] } = await checkSigner(
    config.signer.socket,
    trusted?.pins.policySha256 ?? null,
  );
  findings.push(...signer.findings);
  if (trusted === null) return findings;
  for (const [name, { tokenFile }] of Object.entries(config.factories)) {
    const url = trusted.policy.policy.factories.find((factory) => factory.name === name)?.url;
    if (url === undefined) continue;
    const port = factoryClient({ name, url, token: () => readSecretFile(tokenFile) });
    findings.push(...(await checkClock(url, context.now)), ...(await checkFactory(port, 'deliver')));
    findings.push(...(await checkPublished(port, trusted, context.now())));
    if (store.requestKeys !== null) {
      const pin = trusted.pins.firstRootSha256[name];
      const keys = store.requestKeys.filter((key) => key.factory === name);
      findings.push(...(await checkRequestKeys(port, keys, { pin, isAskedFor: config.gateway !== undefined })));
    }
  }
  return findings;
}

async function examineClient(settings: ClientSettings, context: CliContext): Promise<Finding[]> {
  const findings = await examine('trust', 'countersign trust', () => {
    const { policySha256 } = loadPins(settings.trustPath);
    return [ok('trust', `policy version 1 is ${policySha256}`)];
  });
  findings.push(
    ...(await examine('service', 'check its address and the network', async () => {
      const { ready, checks } = await serviceClient(settings).readiness();
      const bad = checks.filter((check) => !check.ok).map(({ name, message = '' }) => `${name}: ${message}`);
      if (ready) return [ok('service', 'answers and is ready')];
      return [
        warn('service', `answers and is not ready (${bad.join('; ')})`, 'ask its operator to run the doctor there'),
      ];
    })),
  );
  for (const name of Object.keys(settings.config.factories)) {
    const factory = settings.factory(name);
    const url = factory?.url;
    if (factory === null || url === undefined) continue;
    const port = factoryClient({ name, url, token: factory.token });
    findings.push(...(await checkClock(url, context.now)), ...(await checkFactory(port, 'read')));
    const pin = existsSync(settings.trustPath) ? loadPins(settings.trustPath).firstRootSha256[name] : undefined;
    if (pin !== undefined) findings.push(...(await checkRootKeys(port, pin)));
  }
  return findings;
}
