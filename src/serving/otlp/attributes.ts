/** Fields → attributes of OTLP: those that are added replace others, and no text goes out but through the redactor. */
export function attributesOf(
  fields: Readonly<Record<string, unknown>>,
  change: { readonly added: Readonly<Record<string, unknown>>; readonly removed: ReadonlySet<string> },
  redact: (text: string) => string,
): Record<string, string | number | boolean> {
  const { added, removed } = change
  const attributes: Record<string, string | number | boolean> = {}
  for (const [name, value] of [...Object.entries(fields), ...Object.entries(added)]) {
    if (value === undefined || value === null || (removed.has(name) && !(name in added))) continue
    if (typeof value === 'number' || typeof value === 'boolean') attributes[name] = value
    else attributes[name] = redact(typeof value === 'string' ? value : JSON.stringify(value))
  }
  return attributes
}
