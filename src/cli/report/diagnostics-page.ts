import type { Setting } from '../../config/examples/index.ts'
import { codesByStage, STAGES } from '../../config/index.ts'
import type { Explanation } from '../../explain.ts'
import { exampleText, surroundings } from './explanation.ts'

/** docs/diagnostics.md: every code with what it means and an example, as `agw explain` has them. */
export function diagnosticsPage(explanations: readonly Explanation[]): string {
  const byCode = new Map(explanations.map(one => [one.code, one]))
  const stages = [...codesByStage()].flatMap(([stage, codes]) => [
    `## ${STAGES[stage].charAt(0).toUpperCase()}${STAGES[stage].slice(1)}`,
    ...codes.flatMap(code => byCode.get(code) ?? []).map(section),
  ])
  const head = `# Findings

What \`agw validate\` can find, and in the last part \`agw keys scan\`. \`agw explain CODE\` says the same in the terminal. This page is written by \`npm run docs\`: the
examples are tried out, and what is said of them is what the check says.

A comment \`# agw-ignore CODE: reason\`, at the end of the line or on the line above, hides a finding that is no error. A scan
knows \`agw:allow\` instead.`
  return `${[head, ...stages].join('\n\n')}\n`
}

function section({ code, severity, title, why, finding, bad, good }: Explanation): string {
  const parts = [`### ${code}`, `*${severity}*: ${title}. ${why}`]
  if (bad !== undefined) parts.push(`Bad${around(bad)}:`, ...(bad.isFolder ? [] : [yaml(bad)]))
  if (finding !== undefined) {
    const { line, column } = finding.range.start
    parts.push(
      `> \`${finding.file}:${line}:${column}\` ${plain(finding.message)}<br>→ ${plain(finding.hint)}`,
    )
  }
  if (good !== undefined) parts.push(`Good${around(good)}:`, yaml(good))
  return parts.join('\n\n')
}

function around(setting: Setting): string {
  const told = surroundings(setting)
  return told.length === 0 ? '' : ` (${told.map(plain).join('; ')})`
}

function yaml(setting: Setting): string {
  return `\`\`\`yaml\n${exampleText(setting).join('\n')}\n\`\`\``
}

/** Text that Markdown shows as it is; what stands in backticks stays code. */
function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map(part => (part.startsWith('`') ? part : part.replace(/[\\*_{}[\]<>#|~]/g, '\\$&')))
    .join('')
}
