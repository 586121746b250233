import { type Document, isScalar, parseDocument } from 'yaml'

/**
 * Reads a text as agentgateway's reader (serde_yaml 0.9) does: by the rules of YAML 1.2 whatever its `%YAML` line says, so that
 * `yes` is a text; tags of types that these do not have, as `!!binary`, say nothing; `<<` is a key. Keys that stand twice are
 * for others to find: the library compares each of a map with all before it. What is wrong is in the document.
 */
export function readYaml(text: string): Document {
  return parseDocument(text, {
    schema: 'core',
    resolveKnownTags: false,
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  })
}

/** A key of a map as text, as it is written. */
export function keyText(key: unknown): string {
  return String(isScalar(key) ? (key.source ?? key.value) : key)
}
