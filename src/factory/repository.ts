/** The two repositories of a FoundriesFactory. They share keys and versions, but not the targets threshold. */
export const REPOSITORIES = ['ci', 'production'] as const;

export type Repository = (typeof REPOSITORIES)[number];
