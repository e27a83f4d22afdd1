export {
  type KindRules,
  personSchema,
  type Policy,
  type PolicyFactory,
  type PolicyKind,
  type PolicyOfficer,
} from './policy-schema.js';
export { checkOfficerSignatures, type OfficerSignature, type OfficerSignaturesCheck } from './officer-signatures.js';
export { parsePolicy, serializePolicy, signedPolicy, type SignedPolicy } from './signed-policy.js';
export { draftPolicy, type PolicyDraft } from './draft-policy.js';
export { checkPolicySignatures, type PolicySignaturesCheck } from './policy-signatures.js';
export { verifyPolicyChain } from './policy-chain.js';
export { factoryOf, findOfficerByKey, kindOf, leastKeysOf } from './lookups.js';
