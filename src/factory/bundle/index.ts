export { applyBundle } from './apply-bundle.js';
export { bundleChangeSchema, type BundleChange } from './bundle-change.js';
export { describeBundle, type BundleSummary } from './describe-bundle.js';
export { diffBundle } from './diff-bundle.js';
export { findPlaces, type BundlePlaces } from './find-places.js';
export { formatBundle } from './format-bundle.js';
export { requireListed } from './require-listed.js';
export { verifyBundleSignatures } from './verify-bundle-signatures.js';
export { verifyStick, type Stick } from './verify-stick.js';
