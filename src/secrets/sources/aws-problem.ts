import { TOO_LARGE, tooLargeProblem } from '../http.ts'
import type { SourceProblem } from '../source-problem.ts'

/** What the SDK throws, as a problem; undefined where AWS has no such thing. Only its name is used: its text repeats parts of the request. */
export function problemOf(error: unknown, what: 'read' | 'write' = 'read'): SourceProblem | undefined {
  const { name = '', code = '' } = error as NodeJS.ErrnoException
  if (name === 'ResourceNotFoundException' || name === 'ParameterNotFound') return undefined
  if (name === 'AbortError') {
    return {
      code: 'timeout',
      message: 'AWS did not answer in time',
      hint: 'look whether it can be reached from here',
    }
  }
  if (code === TOO_LARGE) return tooLargeProblem('AWS')
  if (name === 'InvalidRequestException') {
    const message = 'the secret is marked for deletion, or not ready yet (InvalidRequestException)'
    return { code: 'missing', message, hint: 'restore it with `aws secretsmanager restore-secret`' }
  }
  if (name === 'CredentialsProviderError') {
    return {
      code: 'not-configured',
      message: 'there is no login for AWS',
      hint: 'log in (`aws sso login`), set AWS_PROFILE, or give the machine a role',
    }
  }
  if (/Token|Signature|AccessDenied|Unrecognized|InvalidClient|Unauthorized/i.test(name)) {
    return {
      code: 'denied',
      message: `AWS does not let this login ${what} it (${name})`,
      hint: 'log in again (`aws sts get-caller-identity` shows as whom), or give the role the right to do so',
    }
  }
  if (/Region/.test(name) || /region/i.test(String((error as Error).message).slice(0, 40))) {
    return {
      code: 'not-configured',
      message: 'no region of AWS is set',
      hint: 'set AWS_REGION, or write sources: { aws: { region: … } } into agw.yaml',
    }
  }
  const passing = /Throttl|TooMany|Timeout|InternalS|ECONN|ENOTFOUND|EAI_AGAIN/.test(`${name} ${code}`)
  return {
    code: passing ? 'unreachable' : 'unreadable',
    message: `AWS did not give it (${code || name || 'no reason is given'})`,
    hint: 'look at it with the `aws` program, in the same environment',
    ...(passing && { passing }),
  }
}
