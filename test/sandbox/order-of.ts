/** Of the body of a call: names of members in their order, down to those of `signed`. */
export function orderOf(body: unknown, levels = 3): unknown {
  if (levels === 0 || typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  return Object.entries(body).map(([name, member]) => [name, orderOf(member, levels - 1)]);
}
