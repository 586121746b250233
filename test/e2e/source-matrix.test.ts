import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { newIdentity } from '../../src/secrets/age.ts'
import { unless } from '../helpers/needs.ts'
import { type Row, saysWhatIsWrong } from '../helpers/source-matrix.ts'
import { noKeyring } from '../secrets/sources/keyring-daemon.ts'
import {
  CANARY,
  dotenv,
  encrypted,
  file,
  HUGE,
  keychain,
  kubernetes,
  op,
  program,
  put,
  secret,
  slow,
  sops,
  vault,
} from '../secrets/sources/settings.ts'

const same = <T>(value: T): T => value

const ROWS: Row[] = [
  ['env', 'missing', /environment \$REAL.*nothing is stored/, () => ({ entry: '{ env: REAL }' })],
  ['env', 'empty', /the value is empty/, () => ({ entry: '{ env: REAL }', env: { REAL: '' } })],
  ['file', 'missing', /file a\.key.*nothing is stored/, file()],
  ['file', 'empty', /a\.key is empty/, file('\n')],
  ['file', 'huge', /larger than 64 KiB/, file(HUGE)],
  [
    'file',
    'of the wrong type',
    /is a folder/,
    folder => {
      mkdirSync(join(folder, 'a.key'))
      return { entry: '{ file: a.key }' }
    },
  ],
  ['dotenv', 'missing', /keys\.env.*nothing is stored/, dotenv()],
  ['dotenv', 'empty', /the value is empty/, dotenv('A_KEY=\n')],
  ['dotenv', 'huge', /larger than 1024 KiB/, dotenv(`A_KEY=${HUGE}`)],
  [
    'dotenv',
    'of the wrong type',
    /not text in UTF-8/,
    folder => {
      put(folder, 'keys.env', Buffer.from([0xff, 0xfe]))
      return { entry: '{ dotenv: keys.env }' }
    },
  ],
  [
    'credential',
    'missing',
    /credential openai.*nothing is stored/,
    folder => ({ entry: '{ credential: openai }', env: { CREDENTIALS_DIRECTORY: folder } }),
  ],
  ['encrypted', 'missing', /nothing is stored/, encrypted(same)],
  ['encrypted', 'empty', /the value is empty/, encrypted(same, 'A_KEY=\n')],
  [
    'encrypted',
    'locked',
    /no age identity in the file/,
    async folder => ({ ...(await encrypted(same)(folder)), env: { AGW_AGE_IDENTITY: 'nope.txt' } }),
  ],
  ['encrypted', 'of the wrong type', /not a file of age/, encrypted(() => Buffer.from(`A_KEY=${CANARY}`))],
  ['encrypted', 'huge', /larger than 1024 KiB/, encrypted(() => Buffer.alloc(2 * 1024 * 1024))],
  ['sops', 'missing', /nothing is stored/, sops(same, { other: 1 })],
  [
    'sops',
    'locked',
    /it is encrypted for others/,
    async folder => ({ ...(await sops(same)(folder)), env: { SOPS_AGE_KEY: await newIdentity() } }),
  ],
  ['sops', 'of the wrong type', /not a YAML or JSON file that SOPS/, sops(() => `key: ${CANARY}`)],
  ['sops', 'tampered with', /its MAC does not fit/, sops(text => `more: 1\n${text}`)],
  ['exec', 'missing', /no-such-tool is not installed/, () => ({ entry: '{ exec: [no-such-tool] }' })],
  ['exec', 'empty', /the value is empty/, program('true')],
  ['exec', 'failing', /ended with status 7/, program(`echo ${CANARY}; echo ${CANARY} >&2; exit 7`)],
  [
    'exec',
    'slow',
    /did not end in time|no answer within/,
    program(`echo ${CANARY}; exec sleep 60`, ', timeout: 500ms'),
  ],
  ['exec', 'huge', /more than 64 KiB/, program('yes sk-canary-0123456789')],
  ['vault', 'missing', /nothing is stored/, vault(() => undefined)],
  ['vault', 'empty', /the value is empty/, vault(one => one.put('llm', { key: '' }))],
  [
    'vault',
    'locked',
    /is sealed/,
    vault(one => {
      one.state.sealed = true
    }),
  ],
  ['vault', 'of the wrong type', /not text/, vault(one => one.put('llm', { key: [CANARY] }))],
  ['vault', 'huge', /more than 1 MiB/, vault(one => one.put('llm', { key: HUGE }))],
  ['kubernetes', 'missing', /nothing is stored/, kubernetes(() => ({ status: 404 }))],
  ['kubernetes', 'locked', /does not let this login read it/, kubernetes(() => ({ status: 403 }))],
  ['kubernetes', 'slow', /did not answer in time|no answer within/, kubernetes(slow, ', timeout: 500ms')],
  [
    'kubernetes',
    'of the wrong type',
    /not text in UTF-8/,
    kubernetes(() => ({ status: 200, json: { data: { openai: '//79' } } })),
  ],
  ['kubernetes', 'empty', /the value is empty/, kubernetes(() => secret(''))],
  [
    'op',
    'missing',
    /op is not installed/,
    () => ({ entry: '{ op: "op://dev/openai/key" }', env: { PATH: '/nowhere' } }),
  ],
  ['op', 'locked', /op is not logged in/, op('echo "[ERROR] you are not currently signed in" >&2; exit 1')],
  ['op', 'empty', /the value is empty/, op('echo')],
  ['op', 'without the field', /nothing is stored/, op('echo "[ERROR] no item found" >&2; exit 1')],
  ['op', 'huge', /op failed/, op('yes sk-canary-0123456789')],
  ['kubernetes', 'huge', /more than 1 MiB/, kubernetes(() => secret(HUGE))],
  ...(noKeyring === undefined
    ? ([
        ['keychain', 'missing', /keychain agw\/openai.*nothing is stored/, keychain('unlocked')],
        ['keychain', 'not there', /no Secret Service/, keychain('bus only')],
      ] satisfies Row[])
    : []),
  ['keychain', 'without a bus', /no Secret Service/, () => ({ entry: '{ keychain: { account: openai } }' })],
]

describe('what is wrong with a source is said, with exit status 4, and nothing of a value', () => {
  if (noKeyring !== undefined) it(`keychain, missing${unless(noKeyring)}`, context => context.skip())

  saysWhatIsWrong(ROWS)
})
