import type { Exchange } from '../exchange.ts'
import { setRequestHeader } from '../headers/request-edits.ts'
import { hostOf, withoutRootDot } from '../routing/host-name.ts'

/** `http://host/path?query`, which a client may send to what it takes for a forward proxy. */
const ABSOLUTE_FORM = /^https?:\/\/([^/?#@]+)(\/[^?]*)?(?:\?(.*))?$/i

/** The parts of a target with a host; undefined where it is none. */
export function absoluteTarget(
  url: string,
): { readonly authority: string; readonly path: string; readonly query: string } | undefined {
  const parts = ABSOLUTE_FORM.exec(url)
  if (parts === null) return undefined
  const [, authority = '', path = '/', query = ''] = parts
  return { authority, path, query }
}

/** Puts into the exchange what its request line and its host ask for; the path stays empty where that is none. */
export function readTarget(exchange: Exchange): void {
  const { request } = exchange
  const { url } = request
  if (url.charCodeAt(0) === 0x2f) {
    const mark = url.indexOf('?')
    exchange.path = mark < 0 ? url : url.slice(0, mark)
    exchange.query = mark < 0 ? '' : url.slice(mark + 1)
  } else {
    const absolute = absoluteTarget(url)
    if (absolute !== undefined) {
      // RFC 9112 §3.2.2: the target's authority wins over the Host header, also for those who come after.
      setRequestHeader(request, 'host', absolute.authority)
      exchange.path = absolute.path
      exchange.query = absolute.query
    }
  }
  readHost(exchange)
}

/** A rule for a host is one for the same name with the dot of the root: nobody is to see a difference. */
function readHost(exchange: Exchange): void {
  const { authority } = exchange
  const plain = withoutRootDot(authority)
  if (plain !== authority) setRequestHeader(exchange.request, 'host', plain)
  exchange.host = hostOf(plain)
}
