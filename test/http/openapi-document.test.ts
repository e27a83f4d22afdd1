import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { OPERATIONS, type Operation } from '../../src/api/index.js';
import { createHttpApp } from '../../src/http/index.js';
import type { SigningService } from '../../src/signing/index.js';
import { openHttpWorld, type HttpWorld } from '../support/http-world.js';

interface Document {
  readonly openapi: string;
  readonly servers: readonly { url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}
interface DocumentOperation {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly required: boolean };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

let world: HttpWorld;
let document: Document;

beforeAll(async () => {
  world = await openHttpWorld({ publicUrl: 'https://countersign.example/base' });
  document = (await world.call('/openapi.json')).json as Document;
});
afterAll(() => world.close());

describe('the OpenAPI document', () => {
  it('lists exactly the routes that are registered', () => {
    const app = createHttpApp({
      signing: unusedSigning(),
      auth: world.auth,
      logger: world.logger,
      clock: world.clock,
      limits: { maxBodyBytes: 1, maxWaitSeconds: 1, requestsPerMinute: 1, loginsPerMinute: 1 },
    });
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(registeredRoutes(app.listener).sort()).toEqual(documented.sort());
    expect(documented.length).toBe(Object.keys(OPERATIONS).length);
  });

  it('answers each documented path with something else than 404, and with its methods only', async () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const real = path.replaceAll(/\{\w+\}/g, 'x');
      for (const method of Object.keys(methods)) {
        const answer = await world.call(real, { method: method.toUpperCase() });
        expect([path, answer.status]).not.toEqual([path, 404]);
      }
      const answer = await world.call(real, { method: 'DELETE' });
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([
        path,
        405,
        Object.keys(methods)
          .flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))
          .join(', '),
      ]);
    }
  });

  it('asks for a sign-in exactly where one is needed', async () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        const answer = await world.call(path.replaceAll(/\{\w+\}/g, 'x'), { method: method.toUpperCase() });
        expect([path, security.length > 0]).toEqual([path, answer.status === 401]);
      }
    }
  });

  it('describes parameters, bodies, answers and problems of each operation', () => {
    for (const [id, operation] of Object.entries<Operation>(OPERATIONS)) {
      const described = document.paths[operation.path]?.[operation.method];
      expect(described?.operationId).toBe(id);
      const names = (place: string) => (described?.parameters ?? []).filter((p) => p.in === place).map((p) => p.name);
      expect(names('path')).toEqual(Object.keys(operation.params.shape));
      expect(names('query')).toEqual(Object.keys(operation.query.shape));
      expect(names('header')).toEqual(Object.keys(operation.headers.shape));
      expect(described?.requestBody !== undefined).toBe(operation.body !== null);
      for (const [status, { content }] of Object.entries(operation.answers)) {
        expect(Object.keys(described?.responses[status]?.content ?? {})).toEqual(Object.keys(content ?? {}));
      }
      const statuses = Object.keys(described?.responses ?? {});
      expect(statuses).toEqual(expect.arrayContaining(['400', '503', ...operation.problems.map(String)]));
    }
  });

  it('refers only to schemas that it has', () => {
    const references = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g) ?? [];
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) {
      expect(Object.keys(document.components.schemas)).toContain(reference.split('/').at(-1));
    }
  });

  it('says the version of OpenAPI and where the service is', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.servers).toEqual([{ url: 'https://countersign.example/base' }]);
  });
});

interface Layer {
  readonly route?: { readonly path: string; readonly stack: readonly { readonly method?: string }[] };
  readonly handle: { readonly stack?: readonly Layer[] };
}

/** What Express itself has in its stack, whatever the table says. */
function registeredRoutes(app: Express): string[] {
  const { stack } = app.router as unknown as { stack: readonly Layer[] };
  return routesOf(stack);
}

function routesOf(stack: readonly Layer[]): string[] {
  return stack.flatMap(({ route, handle }) => {
    if (route === undefined) return routesOf(handle.stack ?? []);
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    const methods = route.stack.flatMap(({ method }) => (method === undefined ? [] : [method]));
    return [...new Set(methods)].map((method) => `${method} ${path}`);
  });
}

/** The routes are registered without asking it for anything. */
function unusedSigning(): SigningService {
  return new Proxy({} as SigningService, {
    get: () => () => {
      throw new Error('not used here');
    },
  });
}
