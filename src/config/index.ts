/** The face of this room: text → Config and findings, key slots, edits of the text. */
export { CODES, type Code, type CodeRow } from './codes.ts'
export {
  type Diagnostic,
  formatPath,
  type Path,
  type Position,
  type Range,
  type Severity,
} from './diagnostic.ts'
export { closest } from './did-you-mean.ts'
export { ConfigDocument, type DocumentOptions } from './document.ts'
export { quoteLiteral, quoteVariable, setValue } from './edit.ts'
export { type FindOptions, type FoundConfig, findConfig } from './find.ts'
export { codeFrame, maskLine } from './frame.ts'
export {
  type ConfigChoices,
  generateConfig,
  type KeyReference,
  type ProviderEntry,
  STYLES,
  type Style,
} from './generate.ts'
export { LineIndex } from './position.ts'
export { MAX_CONFIG_BYTES, readConfigBytes, readDocument } from './read.ts'
export type { Config, SecretValue } from './schema.ts'
export { findSlot, type KeyMethod, type KeySlot, keySlots } from './slots.ts'
export { type Checked, validate } from './validate.ts'
export { toYaml } from './yaml-text.ts'
