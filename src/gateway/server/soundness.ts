import type { IncomingMessage } from 'node:http'

/** What no host and port can hold, an empty part among it; the dot of the root has been taken off. */
const NO_HOST = /[\s/\\?#@<>"^`{|}\u0000-\u001f\u007f-\uffff]|\.(?:\.|:|$)/

/**
 * RFC 9112 §3.2: a host that is none must not be taken for one, here or by those who come after. HTTP/0.9, which Node
 * lets in, has no answers that anybody could tell from the next ones. A length that is rounded would be another one
 * for those who come after, and a transfer coding without a name is one that Node overlooks (§6.3). A target has no
 * fragment: a rule for a path would see it, and those who come after may not. HTTP/1.0 has no transfer codings: who sends
 * one may stand behind something that knows of none (§6.1).
 */
export function isSound({ headers, httpVersionMajor, httpVersionMinor, url }: IncomingMessage): boolean {
  const { host, 'content-length': length, 'transfer-encoding': coding } = headers
  if (length !== undefined && !Number.isSafeInteger(Number(length))) return false
  if (httpVersionMajor !== 1 || coding === '' || url?.includes('#')) return false
  if (httpVersionMinor === 0 && coding !== undefined) return false
  return host === undefined || (host !== '' && !NO_HOST.test(host))
}

/** RFC 9112 §3.2: one `Host`, which HTTP/1.0 may leave out, also where the target names another. */
export function hasItsHosts({ rawHeaders, httpVersionMinor }: IncomingMessage): boolean {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts === 1 || (hosts === 0 && httpVersionMinor === 0)
}
