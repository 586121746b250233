import type { VariableUse } from './expand.ts'
import { looksSecret } from './shown-word.ts'
import type { SyntaxFinding } from './syntax.ts'

/** A use of a variable without whose value the text would be YAML. */
interface Culprit {
  readonly use: VariableUse
  readonly finding: SyntaxFinding
}

/** What is tried at most; each try reads the whole file. */
const MOST_NAMES = 8

/**
 * The variable whose value breaks the YAML: with a plain word in its place alone, or in its place too, there is no
 * mistake. Without this the mistake stands on a line in which the reader of the message sees nothing wrong.
 */
export function brokenByVariable(
  written: string,
  uses: readonly VariableUse[],
  mistakes: (lookup: (name: string, value: string | undefined) => string | undefined) => SyntaxFinding[],
): Culprit | undefined {
  const names = [...new Set(uses.filter(use => !use.missing).map(use => use.name))]
  if (names.length === 0 || names.length > MOST_NAMES) return undefined
  if (mistakes(plainWord).length > 0) return undefined
  for (const name of names) {
    const [finding] = mistakes((each, value) => (each === name ? value : plainWord(each, value)))
    const use = uses.find(one => one.name === name)
    if (finding !== undefined && use !== undefined) return { use, finding: told(written, use, finding) }
  }
  return undefined
}

function plainWord(_: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : 'x'
}

function told(written: string, use: VariableUse, finding: SyntaxFinding): SyntaxFinding {
  const hidden = looksSecret(use.name)
  const isQuoted = /["']/.test(written[use.start - 1] ?? '')
  const quoted = hidden ? '' : `: "$${use.name}"`
  return {
    ...finding,
    message: `the value of ${hidden ? 'a variable' : use.name} breaks the YAML: ${finding.message}`,
    hint: isQuoted
      ? 'it holds what ends the quotes around it: store another one, or keep it in a file of its own, { file: "…" }'
      : `put it in quotes${quoted}; a value that holds quotes itself goes into a file of its own`,
  }
}
