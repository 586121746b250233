import type { Document } from 'yaml'
import { withoutStackTraces } from '../stack-traces.ts'
import { type PlainData, toPlain } from './plain.ts'
import { type SyntaxFinding, syntaxFindings } from './syntax.ts'
import { readYaml } from './yaml-reading.ts'

/** A text as YAML tree and plain data; neither where it cannot be read. */
export interface Parsed {
  readonly yaml: Document | undefined
  readonly plain: PlainData
  readonly findings: readonly SyntaxFinding[]
}

/** Reads YAML; what is wrong with it are findings. */
export function parse(text: string): Parsed {
  try {
    // The library makes an Error for each mistake, and the traces would be 13 s of 14 for a line of a million quotes.
    const yaml = withoutStackTraces(() => readYaml(text))
    const findings = syntaxFindings(yaml, text)
    const plain = findings.length === 0 ? toPlain(yaml) : { value: undefined, findings: [] }
    return { yaml, plain, findings: [...findings, ...plain.findings] }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return failed({
      code: 'TOO_DEEP',
      message: 'the file is nested too deeply to be read',
      hint: 'a config is a few dozen levels deep at most: look for a bracket that is never closed',
      path: [],
      start: 0,
      end: 0,
    })
  }
}

/** Nothing was read, and why. */
export function failed(finding: SyntaxFinding): Parsed {
  return { yaml: undefined, plain: { value: undefined, findings: [] }, findings: [finding] }
}
