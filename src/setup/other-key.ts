import { AgwError } from '../errors.ts'
import { parseDotenv } from '../secrets/dotenv.ts'
import { Secret } from '../secrets/secret.ts'

/** Throws FILE_EXISTS where `place`, as a person would say it, has another key than the one that would go there. */
export function refuseOtherKey(place: string, there: Secret | undefined, key: Secret, hint: string): void {
  if (there === undefined || there.length === 0 || there.equals(key)) return
  throw new AgwError(
    'FILE_EXISTS',
    `${place} already: ${there.fingerprint()}, where ${key.fingerprint()} would go`,
    { hint },
  )
}

/** The same for a variable of a dotenv file. */
export function refuseOtherIn(
  { path, text }: { readonly path: string; readonly text: string },
  variable: string,
  key: Secret,
  hint: string,
): void {
  const there = parseDotenv(text).values.get(variable)
  const place = `${path} holds another key as ${variable}`
  refuseOtherKey(place, there === undefined ? undefined : new Secret(there), key, hint)
}

/** The value that a variable has in this shell, where it is another one: it wins over every place of a key. */
function otherInShell(
  variable: string,
  key: Secret,
  env: Readonly<Record<string, string | undefined>>,
): Secret | undefined {
  const shell = env[variable] === undefined ? undefined : new Secret(env[variable])
  return shell?.equals(key) === true ? undefined : shell
}

/** Says that a stored key has no effect in this shell; undefined where it has. */
export function overruledInShell(
  variable: string,
  key: Secret,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (otherInShell(variable, key, env) === undefined) return undefined
  return `${variable} is also set in this shell, with another value, and that one wins: unset ${variable}`
}

/** Throws SECRET_UNREADABLE where a key would not be read from its new place, before anything is written. */
export function refuseOverruled(
  variable: string,
  key: Secret,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const shell = otherInShell(variable, key, env)
  if (shell === undefined) return
  throw new AgwError(
    'SECRET_UNREADABLE',
    `${variable} is set in this shell to another key, which would be sent in place of this one: ${shell.fingerprint()}, not ${key.fingerprint()}`,
    { hint: `unset ${variable}, then run the command again; or name another variable with --env NAME` },
  )
}
