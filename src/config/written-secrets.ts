import { Secret } from '../secrets/secret.ts'
import { formatPath, type Path } from './diagnostic.ts'
import type { ConfigDocument } from './document.ts'
import type { Config } from './schema.ts'

/** The places of a config where a secret stands in clear text: keys of providers and of clients, passwords, tokens. */
export function writtenSecrets(config: Config, document: ConfigDocument): Path[] {
  const found: Path[] = []
  const look = (value: unknown, path: Path): void => {
    if (value instanceof Secret) {
      if (document.variablesAt(path).length === 0) found.push(path)
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value))
        look(inner, [...path, Array.isArray(value) ? Number(key) : key])
    }
  }
  look(config, [])
  return found
}

/** Whether no secret but the one at `path` stands in the text itself. */
export function isOnlyWrittenSecret(path: Path, config: Config, document: ConfigDocument): boolean {
  const own = formatPath(path)
  return writtenSecrets(config, document).every(one => {
    const other = formatPath(one)
    return other === own || other.startsWith(`${own}.`)
  })
}
