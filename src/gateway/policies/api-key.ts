import { compileLocation } from '../auth/location.ts'
import { authorizationHeader } from '../auth/named-place.ts'
import { VirtualKeys } from '../auth/virtual-keys.ts'
import { Redacted } from '../cel/values.ts'
import type { Exchange } from '../exchange.ts'
import type { Failure } from '../failures.ts'
import { onceFindable } from './after-body.ts'
import type { PolicyKind, Verdict } from './policy.ts'

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
    const asks = { place: place.named, isPair: false }
    const { mode = 'optional' } = value
    const run = (exchange: Exchange): Verdict => {
      const key = place.find(exchange)
      if (key === undefined) return mode === 'strict' ? MISSING : undefined
      const holder = keys.holderOf(key)
      if (holder === undefined) return mode === 'permissive' ? undefined : INVALID
      place.remove(exchange)
      const { metadata, allowedModels } = holder
      const apiKey = { ...metadata, key: new Redacted(key) }
      exchange.caller = { ...exchange.caller, apiKey, allowedModels }
      return undefined
    }
    const isGuard = mode === 'strict'
    return { name: 'apiKey', path, isGuard, asks, run: onceFindable(place, context.maxBodyBytes, run) }
  },
}
