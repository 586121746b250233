import { AgwError } from '../../errors.ts'
import { runTool, type ToolResult } from '../run.ts'
import type { Secret } from '../secret.ts'
import { errorProblem, type SecretSource, type SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { printed } from './decode.ts'
import { handedOn } from './handed-on.ts'

/** Of what `op` prints. */
const MAX_BYTES = 1024 * 1024
/** Between the values of a batch in the answer; nobody's key. */
const BETWEEN = '\u001e'

/**
 * Fields in 1Password, through its program `op`. One call reads all of them: a call takes a second, and each counts
 * against the limits of the account. The references go in on stdin.
 */
export const onePasswordSource: SecretSource<'op'> = {
  kind: 'op',
  timeoutMs: 30_000,
  refreshMs: 15 * 60_000,
  describe: ({ reference }) => reference,
  // `op item edit` takes values as arguments, or a whole item, which would overwrite what else is in it.
  instead: () => 'change the field in the app of 1Password',
  async resolve(references, context) {
    const wanted = [...new Set(references.map(({ where }) => where.reference))]
    const values = await inject(wanted, context)
    return new Map(
      references.flatMap(reference => {
        const value = values.get(reference.where.reference)
        return value === undefined ? [] : [[reference, value] as const]
      }),
    )
  },
  async probe(context) {
    try {
      const result = await runOp(['whoami'], '', context)
      if (result.failed === undefined) return { ok: true, detail: 'op is logged in' }
      const { message, hint } = problemOf(result)
      return { ok: false, detail: message, hint }
    } catch (error) {
      const { message, hint } = errorProblem(error)
      return { ok: false, detail: message, hint }
    }
  },
}

type Values = Map<string, Secret | SourceProblem>

/**
 * All at once; where that fails because one of them is not there, one by one, so that the others are read. Other
 * failures would fail again, and cost a call each.
 */
async function inject(wanted: readonly string[], context: SourceContext): Promise<Values> {
  const found: Values = new Map()
  try {
    const template = wanted.map(reference => `{{ ${reference} }}`).join(BETWEEN)
    const result = await runOp(['inject'], template, context)
    if (result.failed === undefined) {
      const values = result.stdout.replace(/\r?\n$/, '').split(BETWEEN)
      if (values.length === wanted.length) {
        for (const [index, reference] of wanted.entries()) found.set(reference, printed(values[index] ?? ''))
        return found
      }
    }
    const problem = problemOf(result)
    if (problem.code !== 'missing' || wanted.length === 1) {
      for (const reference of wanted) found.set(reference, problem)
    } else {
      for (const reference of wanted) for (const one of await inject([reference], context)) found.set(...one)
    }
  } catch (error) {
    if (!(error instanceof AgwError)) throw error
    for (const reference of wanted) found.set(reference, errorProblem(error))
  }
  return found
}

function runOp(
  args: readonly string[],
  input: string,
  { env, connections, configDir, signal }: SourceContext,
): Promise<ToolResult> {
  const { account } = connections.op ?? {}
  return runTool('op', [...args, ...(account === undefined ? [] : ['--account', account])], {
    input,
    env: handedOn(env, 'op'),
    cwd: configDir,
    maxBytes: MAX_BYTES,
    signal,
  })
}

/** What `op` says on stderr is looked at, and never shown. */
function problemOf({ failed, stderr }: ToolResult): SourceProblem {
  if (failed === 'timeout') {
    return {
      code: 'timeout',
      message: 'op did not answer in time',
      hint: 'look whether it waits for you to unlock 1Password',
    }
  }
  if (failed === 'too-much-output') {
    const message = `op printed more than ${MAX_BYTES / 1024} KiB`
    return { code: 'too-large', message, hint: 'are these the right fields?' }
  }
  if (/isn't an? (?:item|vault|field|section)|could not (?:find|resolve)|no item|not found/i.test(stderr)) {
    return {
      code: 'missing',
      message: '1Password has no such field',
      hint: 'check the reference with `op item get`',
    }
  }
  if (/too many requests|rate limit/i.test(stderr)) {
    return {
      code: 'unreachable',
      message: '1Password refuses more requests for now: the rate limit of the account is used up',
      hint: 'wait, and ask less often: raise `refresh:` in agw.yaml',
    }
  }
  if (/sign(?:ed)? in|session|unauthorized|authoriz|locked|account is not|no accounts/i.test(stderr)) {
    return {
      code: 'locked',
      message: 'op is not logged in',
      hint: 'run `op signin`, unlock the app, or set OP_SERVICE_ACCOUNT_TOKEN',
    }
  }
  return {
    code: 'unreadable',
    message: 'op failed',
    hint: 'run `op whoami` yourself: what it says is not shown here',
  }
}
