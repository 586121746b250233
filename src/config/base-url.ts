const NAMES = 'chat/completions|completions|messages|responses|embeddings'
const CALL = new RegExp(`/(?:${NAMES})/*$`)
const TWICE = new RegExp(`(/(?:${NAMES}))/*\\1$`)

/**
 * The end of a base URL that belongs to one kind of call, as `/chat/completions`: gateways put it behind the base URL, so it would
 * be there twice. `undefined` for a base URL that has none, and for what is no URL.
 */
export function callIn(baseUrl: string): string | undefined {
  if (!URL.canParse(baseUrl)) return undefined
  return CALL.exec(new URL(baseUrl).pathname)?.[0].replace(/\/+$/, '')
}

/** The call that a gateway has put behind a base URL which ended in it already. */
export function callTwiceIn(url: string): string | undefined {
  return URL.canParse(url) ? TWICE.exec(new URL(url).pathname)?.[1] : undefined
}
