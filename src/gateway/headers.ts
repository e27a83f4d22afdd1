/** Names and values as Node gives and takes them raw: name, value, name, value, … */
type RawHeaders = readonly string[];

/** Headers of one connection (RFC 9110 section 7.6.1), which end here. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * `Host` is the Factory's own, `Expect` is answered here. The others would, to servers that heed them, make another call of the one that
 * was judged here.
 */
const NOT_FORWARDED: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  'host',
  'expect',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
]);

/** About the body of the caller's own call, or about a copy that the caller has: neither fits a call that the gateway makes. */
const OF_ONE_CALL = /^(content-|if-|accept-encoding$|range$|prefer$)/;

/** What of a caller's headers goes on with the caller's own call: names, order, repeats and values as they came. */
export function forwardedHeaders(raw: RawHeaders): string[] {
  return without(raw, NOT_FORWARDED);
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
function without(raw: RawHeaders, names: ReadonlySet<string>): string[] {
  const connection = pick(raw, (name) => name === 'connection');
  const named = new Set(connection.flatMap((value) => value.toLowerCase().split(',')).map((name) => name.trim()));
  return pick(raw, (name) => !names.has(name) && !named.has(name));
}

function pick(raw: RawHeaders, isWanted: (name: string) => boolean): string[] {
  const picked: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]];
    if (isWanted(name.toLowerCase())) picked.push(name, value);
  }
  return picked;
}
