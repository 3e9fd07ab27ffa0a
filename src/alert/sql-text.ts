/** The inside of a literal of ClickHouse's SQL: names come from the wire, from files and from operators. */
export const sqlText = (text: string): string => text.replace(/['\\]/g, '\\$&')
