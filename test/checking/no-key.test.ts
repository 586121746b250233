import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkConfig } from '../../src/checking/check.ts'
import { keySlots } from '../../src/config/index.ts'
import { examine } from '../../src/doctor/doctor.ts'
import { loadConfig } from '../../src/load.ts'
import { listKeys } from '../../src/secrets/index.ts'
import { cleanEnv, tempFolder } from '../helpers/agw.ts'

const openAi = (more = ''): string => `llm:\n  models: [{ name: m, provider: openAI }]\n${more}`
const CLIENTS = '  policies: { apiKey: { mode: strict, keys: [{ key: $CLIENT }] } }\n'
const AZURE =
  'llm:\n  models: [{ name: m, provider: azure, params: { azureResourceName: r, azureResourceType: openAI } }]\n'

it.each([
  ['clients bring their own', openAi(), 'note', 'ok', 'note'],
  ['the gateway takes what clients bring', openAi(CLIENTS), 'warning', 'suspect', 'warning'],
  ['a cloud that knows the machine', AZURE, undefined, 'ok', 'ok'],
])('of a slot without a key every command says the same: %s', async (_, text, severity, state, told) => {
  const cwd = await tempFolder()
  await writeFile(join(cwd, 'config.yaml'), text)
  const load = { env: { ...cleanEnv(cwd), CLIENT: 'client-key' }, cwd }
  const { diagnostics } = await checkConfig(load, { secrets: true })
  const ofKey = diagnostics.filter(one => /^CLIENT_(?:CREDENTIAL|KEY_TAKEN)/.test(one.code))
  expect(ofKey.map(one => one.severity)).toEqual(severity === undefined ? [] : [severity])
  const loaded = await loadConfig(load)
  const slots = keySlots(loaded.draft as never, loaded.document)
  const context = { ...loaded, ...load, notes: new Map(), ageLimits: undefined, now: 0 }
  expect((await listKeys(slots, context)).map(one => one.state)).toEqual([state])
  const findings = await examine({
    load,
    nodeVersion: process.version,
    uid: 0,
    exposures: [],
    onLoaded: () => {},
  })
  expect(findings.filter(one => one.about === 'key m').map(one => one.state)).toEqual([told])
})
