/** The address of another database on the same server. */
export const withDatabase = (url: string, name: string): string => url.replace(/[^/]+$/, name);
