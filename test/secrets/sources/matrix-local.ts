import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { SourceKind } from '../../../src/config/agw/places.ts'
import { newIdentity } from '../../../src/secrets/age.ts'
import { not, type SourceRows } from '../../helpers/source-matrix.ts'
import { noKeyring } from './keyring-daemon.ts'
import {
  CANARY,
  credential,
  dotenv,
  encrypted,
  file,
  HUGE,
  keychain,
  op,
  program,
  put,
  type Setting,
  sops,
} from './settings.ts'

const same = <T>(value: T): T => value
const HALF = ', timeout: 500ms'
const BYTES = Buffer.from([0xff, 0xfe])
/** Ends well, and is no text. */
const PRINTS_BYTES = "printf 'sk-\\377\\376'"

const asRoot = process.getuid?.() === 0 ? 'root reads every file' : undefined
const disk = not('a file on this machine is there at once, and a pipe in its place is not waited for')
const shut = (name: string, make: (folder: string) => Setting) => (folder: string) => {
  const setting = make(folder)
  chmodSync(join(folder, name), 0)
  return setting
}
const folderInPlaceOf = (name: string, make: (folder: string) => Setting) => (folder: string) => {
  mkdirSync(join(folder, name))
  return make(folder)
}
const TOO_LATE = /did not (?:answer|end) in time|no answer within/

/** What is said of sources on this machine. */
export const LOCAL = {
  env: {
    says: {
      missing: [/environment \$REAL.*nothing is stored/, () => ({ entry: '{ env: REAL }' })],
      empty: [/the value is empty/, () => ({ entry: '{ env: REAL }', env: { REAL: '' } })],
      locked: not('the environment is open to its own process'),
      slow: not('it is in memory'),
      'of the wrong type': not('a variable is always text'),
      huge: [/larger than 64 KiB/, () => ({ entry: '{ env: REAL }', env: { REAL: CANARY.repeat(70 * 64) } })],
    },
    removed: /nothing is stored/,
  },
  file: {
    says: {
      missing: [/file a\.key.*nothing is stored/, file()],
      empty: [/a\.key is empty/, file('\n')],
      locked: [/permission is denied/, shut('a.key', file(CANARY)), asRoot],
      slow: disk,
      'of the wrong type': [/is a folder/, folderInPlaceOf('a.key', file())],
      huge: [/larger than 64 KiB/, file(HUGE)],
      'a pipe': [
        /is not a regular file/,
        folder => {
          execFileSync('mkfifo', [join(folder, 'a.key')])
          return file()(folder)
        },
      ],
    },
    removed: /nothing is stored/,
  },
  dotenv: {
    says: {
      missing: [/keys\.env.*nothing is stored/, dotenv()],
      empty: [/the value is empty/, dotenv('A_KEY=\n')],
      locked: [/permission is denied/, shut('keys.env', dotenv(`A_KEY=${CANARY}`)), asRoot],
      slow: disk,
      'of the wrong type': [
        /not text in UTF-8/,
        folder => {
          put(folder, 'keys.env', BYTES)
          return dotenv()(folder)
        },
      ],
      huge: [/larger than 64 KiB/, dotenv(`A_KEY=${CANARY.repeat(70 * 64)}`)],
      'a huge file': [/larger than 1024 KiB/, dotenv(`A_KEY=${HUGE}`)],
    },
    removed: /nothing is stored/,
  },
  credential: {
    says: {
      missing: [/credential openai.*nothing is stored/, credential(() => undefined)],
      empty: [/openai is empty/, credential(folder => put(folder, 'openai', ''))],
      locked: [
        /permission is denied/,
        shut(
          'openai',
          credential(folder => put(folder, 'openai', CANARY)),
        ),
        asRoot,
      ],
      slow: disk,
      'of the wrong type': [
        /openai is a folder/,
        folderInPlaceOf(
          'openai',
          credential(() => undefined),
        ),
      ],
      huge: [/larger than 64 KiB/, credential(folder => put(folder, 'openai', HUGE))],
    },
    removed: /nothing is stored/,
  },
  encrypted: {
    says: {
      missing: [/nothing is stored/, encrypted(same)],
      empty: [/the value is empty/, encrypted(same, 'A_KEY=\n')],
      locked: [
        /no age identity in the file/,
        async folder => ({ ...(await encrypted(same)(folder)), env: { AGW_AGE_IDENTITY: 'nope.txt' } }),
      ],
      slow: disk,
      'of the wrong type': [/not a file of age/, encrypted(() => Buffer.from(`A_KEY=${CANARY}`))],
      huge: [/larger than 64 KiB/, encrypted(same, `A_KEY=${CANARY.repeat(70 * 64)}\n`)],
      'a huge file': [/larger than 1024 KiB/, encrypted(() => Buffer.alloc(2 * 1024 * 1024))],
    },
    removed: /nothing is stored/,
  },
  sops: {
    says: {
      missing: [/nothing is stored/, sops(same, { other: 1 })],
      empty: [/the value is empty/, sops(same, { key: '' })],
      locked: [
        /it is encrypted for others/,
        async folder => ({ ...(await sops(same)(folder)), env: { SOPS_AGE_KEY: await newIdentity() } }),
      ],
      slow: disk,
      'of the wrong type': [/not a YAML or JSON file that SOPS/, sops(() => `key: ${CANARY}`)],
      huge: [/larger than 64 KiB/, sops(same, { key: CANARY.repeat(70 * 64) })],
      'a huge file': [/larger than 1024 KiB/, sops(text => `${text}# ${HUGE}`)],
      'tampered with': [/its MAC does not fit/, sops(text => `more: 1\n${text}`)],
    },
    removed: /nothing is stored/,
  },
  exec: {
    says: {
      missing: [/no-such-tool is not installed/, () => ({ entry: '{ exec: [no-such-tool] }' })],
      empty: [/the value is empty/, program('true')],
      // A program says so with its status, whatever the reason.
      locked: [/ended with status 7/, program(`echo ${CANARY}; echo ${CANARY} >&2; exit 7`)],
      slow: [TOO_LATE, program(`echo ${CANARY}; exec sleep 60`, HALF)],
      'of the wrong type': [/not text in UTF-8/, program(PRINTS_BYTES)],
      huge: [/more than 64 KiB/, program('yes sk-canary-0123456789')],
      killed: [/the program was killed/, program(`echo ${CANARY}; kill -9 $$`)],
    },
    removed: /ended with status 1/,
  },
  keychain: {
    says: {
      missing: [/keychain agw\/openai.*nothing is stored/, keychain('unlocked'), noKeyring],
      empty: [/the value is empty/, keychain('unlocked', { value: '' }), noKeyring],
      locked: [/the keychain is locked/, keychain('locked', { value: CANARY }), noKeyring],
      slow: [TOO_LATE, keychain('unlocked', { frozen: true }), noKeyring],
      'of the wrong type': [/not text in UTF-8/, keychain('unlocked', { value: BYTES }), noKeyring],
      huge: not(
        'the tool that puts entries in cuts them at 8 KiB; values over 64 KiB are refused for all alike',
      ),
      'not there': [/no Secret Service/, keychain('bus only'), noKeyring],
      'without a bus': [/no Secret Service/, () => ({ entry: '{ keychain: { account: openai } }' })],
    },
    removed: /nothing is stored/,
  },
  op: {
    says: {
      missing: [/1Password has no such field/, op('echo "[ERROR] no item found" >&2; exit 1')],
      empty: [/the value is empty/, op('echo')],
      locked: [/op is not logged in/, op('echo "[ERROR] you are not currently signed in" >&2; exit 1')],
      slow: [TOO_LATE, op(`echo ${CANARY}; exec sleep 60`, HALF)],
      'of the wrong type': [/not text in UTF-8/, op(PRINTS_BYTES)],
      huge: [/op printed more than 1024 KiB/, op('yes sk-canary-0123456789')],
      'not installed': [
        /op is not installed/,
        () => ({ entry: '{ op: "op://dev/openai/key" }', env: { PATH: '/nowhere' } }),
      ],
    },
    removed: /1Password has no such field/,
  },
} satisfies Partial<Record<SourceKind, SourceRows>>
