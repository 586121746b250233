import { AgwError } from '../../errors.ts'
import { Secret } from '../secret.ts'
import { problemError, type Reference, type SecretSource } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { askKeychain } from './keychain-thread.ts'

type Place = Reference<'keychain'>['where']

/** What is used of an entry of the keychain. */
interface Entry {
  getPassword(signal?: AbortSignal): Promise<string | null>
  setPassword(value: string, signal?: AbortSignal): Promise<void>
  deleteCredential(signal?: AbortSignal): Promise<boolean>
}

/**
 * The operating system's keychain: macOS Keychain, Windows Credential Manager, on Linux the Secret Service (GNOME
 * Keyring, KWallet). A person may be asked to unlock it, so it has time.
 */
export const keychainSource: SecretSource<'keychain'> = {
  kind: 'keychain',
  isShared: true,
  timeoutMs: 30_000,
  refreshMs: 60_000,
  describe: ({ service, account }) => `keychain ${service}/${account}`,
  async resolve(references, { signal }) {
    const read = async (
      reference: Reference<'keychain'>,
    ): Promise<[typeof reference, Secret | SourceProblem][]> => {
      const value = await attempt(reference.where, entry => entry.getPassword(signal))
      if (isProblem(value)) return [[reference, value]]
      return value === null ? [] : [[reference, new Secret(value)]]
    }
    return new Map((await Promise.all(references.map(read))).flat())
  },
  async store({ where }, value, { signal }) {
    const before = required(await attempt(where, entry => entry.getPassword(signal)))
    if (before === value.reveal()) return { changed: false, files: [] }
    required(await attempt(where, entry => entry.setPassword(value.reveal(), signal)))
    // A store that says yes and keeps nothing has been seen.
    if (required(await attempt(where, entry => entry.getPassword(signal))) === value.reveal())
      return { changed: true, files: [] }
    throw new AgwError('WRITE_FAILED', 'the keychain took the key, but does not give it back', {
      hint: 'keep the key in a file instead (--method file or --method encrypted)',
    })
  },
  async remove({ where }, { signal }) {
    return { changed: required(await attempt(where, entry => entry.deleteCredential(signal))), files: [] }
  },
  async probe({ signal }) {
    // An entry that nobody has: whether it can be asked for is what counts.
    const place = { service: 'agw', account: 'agw-doctor-probe' }
    const found = await attempt(place, entry => entry.getPassword(signal))
    if (isProblem(found)) return { ok: false, detail: found.message, hint: found.hint }
    return { ok: true, detail: 'the keychain answers' }
  },
}

async function attempt<T>(place: Place, action: (entry: Entry) => Promise<T>): Promise<T | SourceProblem> {
  try {
    return await action(entryOf(place))
  } catch (error) {
    return problemOf(error)
  }
}

function entryOf(place: Place): Entry {
  return {
    getPassword: signal =>
      askKeychain({ action: 'getPassword', ...place }, signal) as ReturnType<Entry['getPassword']>,
    setPassword: (value, signal) =>
      askKeychain({ action: 'setPassword', ...place, value }, signal) as ReturnType<Entry['setPassword']>,
    deleteCredential: signal =>
      askKeychain({ action: 'deleteCredential', ...place }, signal) as ReturnType<Entry['deleteCredential']>,
  }
}

/** As a flag of commands calls it, and as agw.yaml does: who reads of it may have come by either. */
const ENCRYPTED =
  'an encrypted file: `--method encrypted` (`--to encrypted` of `keys move`), in agw.yaml `encrypted:`'

/** The library has one code for everything: what went wrong is in its text, which holds no value. */
function problemOf(error: unknown): SourceProblem {
  const text = error instanceof Error ? error.message : ''
  const isGivenUp = error instanceof Error && /^(?:Abort|Timeout)Error$/.test(error.name)
  if (isGivenUp || /did not receive a reply/i.test(text)) {
    return {
      code: 'timeout',
      message: 'the keychain did not answer in time',
      hint: 'look whether it hangs (gnome-keyring-daemon, kwalletd), or start it again',
    }
  }
  if (/dismissed|\blocked\b|IsLocked/i.test(text)) {
    return {
      code: 'locked',
      message: 'the keychain is locked, and nobody unlocked it',
      hint: 'unlock it (log in to the desktop, or start gnome-keyring-daemon with --unlock), then try again',
    }
  }
  if (/d-?bus|not activatable|ServiceUnknown|secret service/i.test(text)) {
    return {
      code: 'unreachable',
      message: 'no keychain answers: there is no Secret Service on the session bus',
      hint: `start one (GNOME Keyring, KWallet; DBUS_SESSION_BUS_ADDRESS must name the bus), or, where there is no desktop, take ${ENCRYPTED}`,
    }
  }
  if (/utf-?8|BadEncoding/i.test(text)) {
    return { code: 'malformed', message: 'the value is not text in UTF-8', hint: 'store the key there again' }
  }
  if (/cannot find (?:module|native binding)|failed to load native/i.test(text)) {
    return {
      code: 'not-installed',
      message: 'the keychain library has no build for this system',
      hint: `install agw again without --omit=optional, or take ${ENCRYPTED}`,
    }
  }
  return {
    code: 'unreadable',
    message: 'the keychain refuses',
    hint: "look at the entry with the system's own program (Keychain Access, Seahorse, KWallet)",
  }
}

function isProblem<T>(found: T | SourceProblem): found is SourceProblem {
  return typeof found === 'object' && found !== null && 'code' in found
}

function required<T>(found: T | SourceProblem): T {
  if (isProblem(found)) throw problemError(found)
  return found
}
