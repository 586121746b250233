import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Connections } from '../../../src/config/agw/connections.ts'
import type { SourcePlaces } from '../../../src/config/agw/places.ts'
import { gather } from '../../../src/secrets/gather.ts'
import type { Logins } from '../../../src/secrets/logins.ts'
import { tempFolders } from '../folders.ts'
import { said } from './contract.ts'
import type { fakeVault } from './fake-vault.ts'

export const FAKE = 'a fake Vault'

/** Folders that are gone after the tests of the file that imports this. */
export const folder = tempFolders()

export type Where = SourcePlaces['vault']
export type Vault = Awaited<ReturnType<typeof fakeVault>>

export interface Around {
  readonly env?: Record<string, string>
  readonly connections?: Connections
  readonly logins?: Logins
}

/** What a batch is read with; the folder has a login of every kind. */
export function contextOf(vault: Vault, { env = {}, connections = {}, logins }: Around = {}) {
  const configDir = folder()
  const files = { pod: 'pod-token', ci: 'ci-token', sid: 'sid', token: vault.state.token }
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(configDir, name), `${text}\n`, { mode: 0o600 })
  return { env: { VAULT_ADDR: vault.url, HOME: configDir, ...env }, configDir, connections, logins }
}

export const entry = (where: Where, variable = 'A') =>
  ({ variable, kind: 'vault', where, refreshMs: undefined, timeoutMs: 2000 }) as const

export async function readOnce(context: ReturnType<typeof contextOf>, where: Where): Promise<string> {
  const found = (await gather([entry(where)], context)).get('A')
  return found === undefined ? 'nothing' : said(found)
}
