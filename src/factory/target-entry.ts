import type { JsonValue, TargetEntry, Targets } from '../tuf/index.js';

/** The entry of that name, or null. Looks at own members only, so `constructor` is no Target unless it is one. */
export function findEntry(targets: Targets, name: string): TargetEntry | null {
  return Object.hasOwn(targets.targets, name) ? (targets.targets[name] ?? null) : null;
}

/**
 * The entry with the members that fioctl knows and keeps; it drops every other one before it signs, and
 * so must whoever wants to make the same bytes (foundries.md §1.5).
 */
export function narrowEntry(entry: TargetEntry): TargetEntry {
  const { length, hashes, custom } = entry;
  return custom === undefined ? { length, hashes } : { length, hashes, custom };
}

/** A member of `custom`, or undefined when there is none or `custom` is missing. */
function customMember(entry: TargetEntry, name: string): JsonValue | undefined {
  return entry.custom !== undefined && Object.hasOwn(entry.custom, name) ? entry.custom[name] : undefined;
}

/** `custom.version` if it is a text, as Foundries writes it; else null. */
export function entryVersion(entry: TargetEntry): string | null {
  const version = customMember(entry, 'version');
  return typeof version === 'string' ? version : null;
}

/** Whether `custom.version` is that version, but written as a number, which no client reads. */
export function hasNumericVersion(entry: TargetEntry, version: number): boolean {
  return customMember(entry, 'version') === version;
}

/** The texts in `custom.tags`; none if it is missing or no list. */
export function entryTags(entry: TargetEntry): string[] {
  return textsOf(customMember(entry, 'tags'));
}

/** The texts in `custom.hardwareIds`; none if it is missing or no list. */
export function entryHardwareIds(entry: TargetEntry): string[] {
  return textsOf(customMember(entry, 'hardwareIds'));
}

/** Name and image of each app in `custom.docker_compose_apps`, by name; what is no text shows as its JSON. */
export function entryApps(entry: TargetEntry): Map<string, string> {
  const apps = customMember(entry, 'docker_compose_apps');
  if (typeof apps !== 'object' || apps === null || Array.isArray(apps)) return new Map();
  return new Map(Object.entries(apps).map(([name, app]) => [name, appUri(app)]));
}

/** The hex SHA-256 of the target (for an OSTree one, its commit); empty if the entry names none. */
export function entrySha256(entry: TargetEntry): string {
  return Object.hasOwn(entry.hashes, 'sha256') ? (entry.hashes['sha256'] ?? '') : '';
}

function appUri(app: JsonValue): string {
  if (typeof app === 'object' && app !== null && !Array.isArray(app) && Object.hasOwn(app, 'uri')) {
    const uri = app['uri'];
    if (typeof uri === 'string') return uri;
  }
  return JSON.stringify(app);
}

function textsOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
