/** Members and types of JSON; strings by their form; what differs between Factories (keyids) by one name. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return unique(value.map(shapeOf));
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, member]) => [shapeOfName(name), shapeOf(member)] as const);
    const names = [...new Set(members.map(([name]) => name))].sort();
    return names.map((name) => [name, unique(members.filter(([other]) => other === name).map(([, shape]) => shape))]);
  }
  return typeof value === 'string' ? shapeOfText(value) : value === null ? 'null' : typeof value;
}

function shapeOfText(text: string): unknown {
  if (text === '') return 'empty';
  if (text.startsWith('{')) return ['text of', shapeOf(JSON.parse(text))];
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text)) return 'time';
  return /^[0-9a-f]{24,}$/.test(text) ? `hex of ${text.length}` : 'text';
}

function shapeOfName(name: string): string {
  return /^[0-9a-f]{64}$/.test(name) ? '(keyid)' : name;
}

/** Each shape once, in an order that does not depend on random keyids. */
function unique(shapes: unknown[]): unknown[] {
  const byText = new Map(shapes.map((shape) => [JSON.stringify(shape), shape]));
  return [...byText.keys()].sort().map((text) => byText.get(text));
}
