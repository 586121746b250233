import { isNode, listAt } from '../config/rules/tree.ts'
import { wholeMs } from './durations.ts'
import { unwritten } from './unwritten.ts'
import { isHeaderName, type Words } from './words.ts'

/** As the Gateway API 1.6 takes them. */
const ORIGIN = /^https?:\/\/(?:(?:\*\.)?(?:[a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(?::\d{1,5})?$/
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])
const MOST = 64
/** An origin that is no longer. */
const LONGEST_ORIGIN = 253

/** `cors` as that of a policy. */
export function corsWords(value: unknown): Words {
  const { allowCredentials, maxAge } = isNode(value) ? value : {}
  const list = (key: string, isItem: (item: string) => boolean): Words => {
    const items = listAt(value, key).map(String)
    // A star among others is a star.
    const kept = key !== 'exposeHeaders' && items.includes('*') ? ['*'] : [...new Set(items)]
    if (kept.length > MOST || !kept.every(item => item === '*' || isItem(item)))
      unwritten(`its ${key} has what the Gateway API does not take`)
    return kept.length === 0 ? {} : { [key]: kept }
  }
  // Without it browsers keep the permission for 5 seconds, and so says the controller.
  const age = maxAge === undefined || maxAge === null ? undefined : (wholeMs(maxAge) ?? 0) / 1000
  if (age !== undefined && (age < 1 || !Number.isInteger(age)))
    unwritten('its maxAge is no number of whole seconds')
  return {
    cors: {
      ...list('allowOrigins', item => ORIGIN.test(item) && item.length <= LONGEST_ORIGIN),
      ...list('allowMethods', item => METHODS.has(item)),
      ...list('allowHeaders', isHeaderName),
      ...list('exposeHeaders', isHeaderName),
      ...(typeof allowCredentials === 'boolean' && { allowCredentials }),
      ...(age !== undefined && { maxAge: age }),
    },
  }
}
