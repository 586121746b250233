const CALL = /\/(?:chat\/completions|completions|messages|responses|embeddings)\/*$/

/**
 * The end of a base URL that belongs to one kind of call, as `/chat/completions`: gateways put it behind the base URL, so it would
 * be there twice. `undefined` for a base URL that has none, and for what is no URL.
 */
export function callIn(baseUrl: string): string | undefined {
  if (!URL.canParse(baseUrl)) return undefined
  return CALL.exec(new URL(baseUrl).pathname)?.[0].replace(/\/+$/, '')
}
