export { createGateway, type Gateway, type GatewayDependencies } from './create-gateway.js';
export type { GatewayFactory, GatewayLimits } from './ports.js';
export type { GatewayObserver } from './observer.js';
