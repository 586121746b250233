import { shownText } from '../../config/shown-word.ts'
import { AgwError } from '../../errors.ts'
import { runTool, type ToolResult } from '../run.ts'
import type { Secret } from '../secret.ts'
import { errorProblem, type Reference, type SecretSource, type SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { printed } from './decode.ts'
import { handedOn } from './handed-on.ts'

/** Larger answers hold no key. Bytes. */
const MAX_BYTES = 64 * 1024

/**
 * A program that prints the value: run without a shell, in the folder of agw.yaml, with a small environment. What it
 * says on stderr is never shown: it may hold the value.
 */
export const execSource: SecretSource<'exec'> = {
  kind: 'exec',
  timeoutMs: 10_000,
  refreshMs: 5 * 60_000,
  describe: ({ argv }) => `exec ${shownText(argv[0] ?? '')}`,
  instead: ({ where: { argv } }) =>
    `store the key by what ${shownText(argv[0] ?? '')} itself has for it, from standard input where it can (as in \`pass insert\`)`,
  async resolve(references, context) {
    const read = async (reference: Reference<'exec'>) =>
      [reference, await output(reference.where.argv, context)] as const
    return new Map(await Promise.all(references.map(read)))
  },
}

async function output(argv: readonly string[], context: SourceContext): Promise<Secret | SourceProblem> {
  const [command = '', ...args] = argv
  try {
    const result = await runTool(command, args, {
      env: handedOn(context.env),
      cwd: context.configDir,
      maxBytes: MAX_BYTES,
      signal: context.signal,
    })
    return result.failed === undefined ? printed(result.stdout) : failed(result)
  } catch (error) {
    if (!(error instanceof AgwError)) throw error
    return errorProblem(error)
  }
}

function failed({ failed: how, exitCode }: ToolResult): SourceProblem {
  const hint =
    'run it yourself in the folder of agw.yaml: what it says is not shown here, because it may hold the key'
  switch (how) {
    case 'timeout':
      return { code: 'timeout', message: 'the program did not end in time', hint }
    case 'too-much-output':
      return { code: 'too-large', message: `the program printed more than ${MAX_BYTES / 1024} KiB`, hint }
    case 'signal':
      return { code: 'unreadable', message: 'the program was killed', hint }
    default:
      return { code: 'unreadable', message: `the program ended with status ${exitCode}`, hint }
  }
}
