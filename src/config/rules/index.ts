import { CODES } from '../codes.ts'
import type { Diagnostic } from '../diagnostic.ts'
import type { ConfigDocument } from '../document.ts'
import type { Config } from '../schema.ts'
import { keySlots } from '../slots.ts'
import { anthropicKeyPlace, clientCredential, droppedSiblings } from './backend-auth.ts'
import type { Rule, RuleContext } from './rule.ts'

/** All rules on meaning. */
const RULES: readonly Rule[] = [droppedSiblings, anthropicKeyPlace, clientCredential]

/** Findings on the meaning of a config whose shape is sound. */
export function findingsOfRules(config: Config, document: ConfigDocument): Diagnostic[] {
  const found: Diagnostic[] = []
  const context: RuleContext = {
    config,
    document,
    slots: keySlots(config, document),
    report: ({ code, path, message, hint, at = 'value' }) => {
      const range = document.rangeOf(path, at)
      found.push({ code, severity: CODES[code].severity, message, hint, file: document.file, path, range })
    },
  }
  for (const rule of RULES) rule(context)
  return found
}
