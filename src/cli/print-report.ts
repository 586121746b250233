import type { Redactor } from '../secrets/redactor.ts'
import type { CheckedFile } from './report/checked-file.ts'
import { stepSummary } from './report/github.ts'
import { type Format, noteBeside, reportText } from './report/validate.ts'
import { writeStepSummary } from './step-summary.ts'
import type { Terminal } from './terminal.ts'
import { workspaceRoot } from './workspace-root.ts'

/** Prints what `agw validate` found in the form that was asked for; on GitHub, the summary of the step too. */
export async function printReport(
  files: readonly CheckedFile[],
  flags: { readonly format: string; readonly strict: boolean },
  { terminal, redactor, version }: { terminal: Terminal; redactor: Redactor; version: string },
): Promise<void> {
  const format = flags.format as Exclude<Format, 'json'>
  const root = workspaceRoot(process.cwd(), process.env)
  terminal.out(reportText(format, files, { terminal, root, version, strict: flags.strict }))
  const note = noteBeside(format, files)
  if (note !== undefined) terminal.err(note)
  if (format !== 'github') return
  const unwritten = await writeStepSummary(redactor.redact(stepSummary(files, root)), process.env)
  if (unwritten !== undefined) terminal.err(unwritten)
}
