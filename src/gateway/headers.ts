/** Names and values as Node gives and takes them raw: name, value, name, value, … */
type RawHeaders = readonly string[];

/** Headers of one connection (RFC 9110 section 7.6.1), which end here. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/**
 * `Host` is the Factory's own, `Expect` is answered here. The others would, to servers that heed them, make another call of the one that
 * was judged here.
 */
const OF_THIS_SERVER = [
  'host',
  'expect',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
];

/** About the body of the caller's own call, or about a copy that the caller has: neither fits a call that the gateway makes. */
const OF_ONE_CALL = /^(content-|if-|accept-encoding$|range$|prefer$)/;

/** What of a caller's headers goes on with the caller's own call: names, order, repeats and values as they came. */
export function forwardedHeaders(raw: RawHeaders): string[] {
  return without(raw, [...HOP_BY_HOP, ...OF_THIS_SERVER]);
}

/** What goes along with a call that the gateway makes in the caller's name: whatever may say who the caller is. */
export function credentialHeaders(raw: RawHeaders): string[] {
  return pick(forwardedHeaders(raw), (name) => !OF_ONE_CALL.test(name));
}

/** What of the Factory's headers goes to the caller. */
export function returnedHeaders(raw: RawHeaders): string[] {
  return without(raw, HOP_BY_HOP);
}

/** Also without those that `Connection` names. */
function without(raw: RawHeaders, names: readonly string[]): string[] {
  const connection = pick(raw, (name) => name === 'connection');
  const named = connection.flatMap((value) => value.toLowerCase().split(',')).map((name) => name.trim());
  return pick(raw, (name) => !names.includes(name) && !named.includes(name));
}

function pick(raw: RawHeaders, isWanted: (name: string) => boolean): string[] {
  return raw.filter((_text, at) => isWanted((raw[at - (at % 2)] ?? '').toLowerCase()));
}
