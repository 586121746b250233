import { randomInt } from 'node:crypto'
import { Secret } from '../secrets/secret.ts'

/** By it a virtual key is told from a provider's: scans look for it, and messages leave out what begins so. */
const PREFIX = 'agw_sk_'
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** 190 bits: nobody finds a key by its hash. */
const LENGTH = 32

/** A new virtual key, in the form that agentgateway's own pages give them: no sign in it that a double click stops at. */
export function newVirtualKey(): Secret {
  const letters = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)])
  return new Secret(PREFIX + letters.join(''), 'a new virtual key')
}

/** Whether a key is one of those, of whatever config. */
export function isVirtualKey(key: string): boolean {
  return key.startsWith(PREFIX)
}
