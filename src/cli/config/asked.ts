/** Is there a file or a variable to read at all? Without one the schema and its packages are not loaded. */
export const isConfigured = (file: string | undefined): boolean =>
  file !== undefined || Object.keys(process.env).some((name) => name.startsWith('INTRANSIT_'))
