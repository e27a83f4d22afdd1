export type { AnswerReport } from './access-log.js';
export { createHttpApp, type HttpApp, type HttpAppDependencies, type HttpLimits } from './create-http-app.js';
export { startHttpServer, type HttpServer } from './start-http-server.js';
export { createAuth, type Auth, type AuthDependencies } from './auth/create-auth.js';
export type { AuthStore } from './auth/auth-store.js';
export type { Identity } from './auth/identity.js';
export { createApiToken, revokeApiToken, type ApiTokenDependencies, type NewApiToken } from './auth/api-tokens.js';
