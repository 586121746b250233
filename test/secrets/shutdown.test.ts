import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readAgwFile } from '../../src/config/agw/file.ts'
import { SecretKeeper } from '../../src/secrets/keeper.ts'
import { tempFolders } from './folders.ts'
import type { Said, Seen } from './sources/fake-server.ts'
import { aws, azure, gcp, kubernetes, ok, type Setting, slow, ssm, vaultThat } from './sources/settings.ts'

const folder = tempFolders()
type Make = (
  answer: (seen: Seen) => Said | Promise<Said>,
  more: string,
) => (folder: string) => Promise<Setting>

const LOGIN = { AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: 'testing' }
const before = { ...process.env }
// The SDK looks for its login in the process itself.
beforeEach(() => void Object.assign(process.env, LOGIN))
afterEach(() => {
  for (const name of Object.keys(LOGIN)) {
    if (before[name] === undefined) delete process.env[name]
    else process.env[name] = before[name]
  }
})

/** Stores that are reached over the network, and what they answer before the question that they never answer. */
const STORES: Readonly<Record<string, [make: Make, first?: (seen: Seen) => Said | undefined]>> = {
  'kubernetes, its watch and its reading': [kubernetes],
  'vault, its login': [vaultThat],
  'vault, its reading': [vaultThat, ({ url }) => (url.endsWith('/lookup-self') ? ok({})() : undefined)],
  'aws-secretsmanager': [aws],
  'aws-ssm': [ssm],
  gcp: [gcp],
  azure: [azure],
}

test.each(Object.entries(STORES))(
  'a gateway that is closed asks no more: %s',
  async (name, [make, first]) => {
    const asked: Seen[] = []
    const answer = (seen: Seen): Said | Promise<Said> => {
      const said = first?.(seen)
      if (said === undefined) asked.push(seen)
      return said ?? slow()
    }
    const configDir = folder()
    const { entry, sources = '{}', env = {} } = await make(answer, ', timeout: 10m')(configDir)
    writeFileSync(join(configDir, 'agw.yaml'), `secrets: { A: ${entry} }\nsources: ${sources}\n`)
    const file = await readAgwFile(configDir)
    if (file === undefined) throw new Error('there is no agw.yaml')
    expect(file.diagnostics).toEqual([])
    const events: string[] = []
    const keeper = new SecretKeeper({
      onChange: () => events.push('change'),
      onEvent: ({ event }) => events.push(event),
    })
    const gathering = keeper.gather([...file.entries.values()], {
      env,
      configDir,
      connections: file.connections,
    })
    const most = name.startsWith('kubernetes') ? 2 : 1
    while (asked.length < most) await new Promise(resolve => setTimeout(resolve, 5))
    expect(asked.map(one => one.isOpen())).toEqual(Array(most).fill(true))
    keeper.close()
    while (asked.some(one => one.isOpen())) await new Promise(resolve => setTimeout(resolve, 5))
    await gathering
    expect(asked.length).toBe(most)
    expect(events).toEqual([])
  },
  30_000,
)
