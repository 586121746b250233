import { authorizationHeader, compileLocation } from '../auth/location.ts'
import { VirtualKeys } from '../auth/virtual-keys.ts'
import { Redacted } from '../cel/values.ts'
import type { Failure } from '../failures.ts'
import type { PolicyKind } from './policy.ts'

const MISSING = refused('no API Key found')
const INVALID = refused('invalid credentials')

function refused(why: string): Failure {
  return { status: 401, body: `api key authentication failure: ${why}`, reason: 'APIKeyAuth' }
}

/** Virtual keys: who shows one is known by its metadata, and the key goes no further. */
export const apiKey: PolicyKind<'apiKey'> = {
  name: 'apiKey',
  compile([{ value, path }], context) {
    const keys = new VirtualKeys(value.keys)
    const location = value.location ?? authorizationHeader('Bearer ')
    const place = compileLocation(location, [...path, 'location'], context.cel)
    context.hide(place)
    const { mode = 'optional' } = value
    return {
      name: 'apiKey',
      path,
      isGuard: mode === 'strict',
      run(exchange) {
        const key = place.find(exchange)
        if (key === undefined) return mode === 'strict' ? MISSING : undefined
        const holder = keys.holderOf(key)
        if (holder === undefined) return mode === 'permissive' ? undefined : INVALID
        place.remove(exchange)
        const { metadata, allowedModels } = holder
        exchange.caller = {
          ...exchange.caller,
          apiKey: { ...metadata, key: new Redacted(key) },
          allowedModels,
        }
        return undefined
      },
    }
  },
}
