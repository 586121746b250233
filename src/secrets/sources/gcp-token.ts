import { createSign } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Answer, call, isLoopback, refused } from '../http.ts'
import { at, jsonOf } from '../json.ts'
import { readTextFile } from '../read.ts'
import { Secret } from '../secret.ts'
import type { SourceContext } from '../source.ts'
import type { SourceProblem } from '../source-problem.ts'
import { fileProblem } from './file-problem.ts'

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'
const MAX_FILE_BYTES = 64 * 1024

/**
 * An access token as Google's own programs find one: GOOGLE_OAUTH_ACCESS_TOKEN, the file of GOOGLE_APPLICATION_CREDENTIALS,
 * what `gcloud auth application-default login` left, else the metadata server of the machine.
 */
export async function googleToken(context: SourceContext): Promise<Secret | SourceProblem> {
  const { env } = context
  const given = env['GOOGLE_OAUTH_ACCESS_TOKEN']
  if (given) return new Secret(given, 'GOOGLE_OAUTH_ACCESS_TOKEN')
  const named = env['GOOGLE_APPLICATION_CREDENTIALS']
  const base = env['CLOUDSDK_CONFIG'] || join(env['HOME'] ?? homedir(), '.config', 'gcloud')
  const read = await readTextFile(named || join(base, 'application_default_credentials.json'), MAX_FILE_BYTES)
  if (!read.ok) {
    if (named || read.problem.code !== 'missing')
      return { ...fileProblem(read.problem), code: 'not-configured' }
    return await fromMetadata(context)
  }
  return await exchange(new Secret(read.text), context)
}

async function exchange(credentials: Secret, { signal }: SourceContext): Promise<Secret | SourceProblem> {
  const json = jsonOf(credentials.reveal())
  const text = (key: string): string => String(at(json, key) ?? '')
  const type = text('type')
  if (type === 'service_account') {
    const url = text('token_uri') || 'https://oauth2.googleapis.com/token'
    if (!isGoogles(url)) return foreignLogin()
    const assertion = signed({
      email: text('client_email'),
      id: text('private_key_id'),
      key: text('private_key'),
      url,
    })
    if (assertion === undefined) return unusable('the private key in the credentials file cannot be read')
    return tokenFrom(
      await post(url, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }, signal),
    )
  }
  if (type === 'authorized_user') {
    const fields = {
      grant_type: 'refresh_token',
      client_id: text('client_id'),
      client_secret: text('client_secret'),
      refresh_token: text('refresh_token'),
    }
    return tokenFrom(await post('https://oauth2.googleapis.com/token', fields, signal))
  }
  return unusable('the credentials file is neither of a service account nor of a user')
}

/**
 * What is signed logs in as the account, and what answers is sent to Secret Manager: neither is left to whoever could
 * change a line of the file. An address on this machine stays there.
 */
function isGoogles(address: string): boolean {
  if (!URL.canParse(address)) return false
  const url = new URL(address)
  const { hostname } = url
  if (hostname === 'accounts.google.com' || hostname.endsWith('.googleapis.com'))
    return url.protocol === 'https:'
  return isLoopback(hostname)
}

function foreignLogin(): SourceProblem {
  return {
    code: 'not-configured',
    message: 'the credentials file wants the login sent to an address that is not of Google (token_uri)',
    hint: 'nothing was sent: take the file anew from Google Cloud, and look who changed this one',
  }
}

/** What a service account signs to get a token: good for an hour. */
function signed(account: { email: string; id: string; key: string; url: string }): string | undefined {
  const now = Math.floor(Date.now() / 1000)
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const head = encode({ alg: 'RS256', typ: 'JWT', ...(account.id && { kid: account.id }) })
  const claims = { iss: account.email, scope: SCOPE, aud: account.url, iat: now, exp: now + 3600 }
  const body = `${head}.${encode(claims)}`
  try {
    return `${body}.${createSign('RSA-SHA256').update(body).sign(account.key, 'base64url')}`
  } catch {
    return undefined
  }
}

function post(
  url: string,
  fields: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Answer | SourceProblem> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return call({ url, method: 'POST', headers, body: new URLSearchParams(fields).toString(), signal })
}

/** Every machine and pod of Google Cloud has one; it has no TLS, and never leaves the machine. */
async function fromMetadata({ env, signal }: SourceContext): Promise<Secret | SourceProblem> {
  const host = env['GCE_METADATA_HOST'] || 'metadata.google.internal'
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`
  const answer = await call({ url, headers: { 'metadata-flavor': 'Google' }, signal }, true)
  if ('code' in answer && answer.code === 'unreachable') {
    return unusable('there is no login for Google Cloud: no credentials file, and no metadata server')
  }
  return tokenFrom(answer)
}

function tokenFrom(answer: Answer | SourceProblem): Secret | SourceProblem {
  if ('code' in answer) return answer
  const token = at(answer.json, 'access_token')
  if (answer.status === 200 && typeof token === 'string') return new Secret(token, 'google token')
  return answer.status === 400
    ? unusable('Google does not accept the login (status 400)')
    : refused(answer.status, 'Google, asked for a login,')
}

function unusable(message: string): SourceProblem {
  return {
    code: 'not-configured',
    message,
    hint: 'run `gcloud auth application-default login`, or name the file of a service account in GOOGLE_APPLICATION_CREDENTIALS',
  }
}
