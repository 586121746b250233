import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readBounded } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { whyUnread } from '../plain-file.ts'

/** The text of a published schema, and how messages call it. */
export interface SchemaText {
  readonly text: string
  readonly name: string
}

/** The schema of today is a third of a megabyte. Bytes. */
const MAX_SCHEMA_BYTES = 16 * 1024 * 1024
const MAX_REDIRECTS = 5
const TIMEOUT_MS = 20_000

/**
 * Reads a schema from a path, a file: URL or an https: URL. Throws USAGE for anything that cannot be read here, and
 * UPSTREAM_FAILED when the network does not give it.
 */
export async function readSchemaSource(source: string, cwd: string): Promise<SchemaText> {
  if (/^https:/i.test(source)) return download(source)
  if (/^file:/i.test(source)) return readFile(fromFileUrl(source), source)
  // One letter before the colon is a drive of Windows.
  if (/^[a-z][a-z0-9+.-]+:/i.test(source)) {
    throw new AgwError('USAGE', 'a schema is read from a file or over https only', {
      hint: 'download it, then name the file with --schema PATH',
    })
  }
  return readFile(resolve(cwd, source), source)
}

async function readFile(path: string, name: string): Promise<SchemaText> {
  const bytes = await readBounded(path, MAX_SCHEMA_BYTES).catch((error: unknown) => {
    throw new AgwError('USAGE', `cannot read the schema ${name}: ${whyUnread(error)}`, {
      hint: 'name a file or an https URL with --schema',
      cause: error,
    })
  })
  return { text: decoded(bytes, name), name }
}

function fromFileUrl(source: string): string {
  try {
    return fileURLToPath(source)
  } catch (error) {
    throw new AgwError('USAGE', 'this file: URL names no file of this machine', {
      hint: 'write the path itself',
      cause: error,
    })
  }
}

async function download(source: string): Promise<SchemaText> {
  let url = parsed(source)
  // Neither user names nor queries are shown: they may hold a token.
  const name = `https://${url.host}${url.pathname}`
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const answer = await fetch(url, { redirect: 'manual', signal }).catch((error: unknown) => {
      throw failed(name, reasonOf(error), error)
    })
    const location = answer.headers.get('location')
    if (answer.status >= 300 && answer.status < 400 && location !== null) {
      url = new URL(location, url)
      if (url.protocol !== 'https:') throw failed(name, 'it leads to an address without TLS')
      continue
    }
    if (!answer.ok) throw failed(name, `the answer has status ${answer.status}`)
    return { text: decoded(await bodyOf(answer, name), name), name }
  }
  throw failed(name, 'it leads from one address to the next')
}

function parsed(source: string): URL {
  const url = URL.canParse(source) ? new URL(source) : undefined
  if (url !== undefined && url.username === '' && url.password === '') return url
  const what = url === undefined ? 'this is not' : 'an address with a user name in it is not'
  throw new AgwError('USAGE', `${what} a URL that a schema can be read from`, {
    hint: 'download the schema, then name the file with --schema PATH',
  })
}

async function bodyOf(answer: Response, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of answer.body ?? []) {
      const bytes = chunk as Uint8Array
      size += bytes.length
      if (size > MAX_SCHEMA_BYTES) break
      chunks.push(bytes)
    }
  } catch (error) {
    throw failed(name, reasonOf(error), error)
  }
  if (size > MAX_SCHEMA_BYTES) throw failed(name, 'the answer is too large for a schema')
  return Buffer.concat(chunks)
}

function decoded(bytes: Uint8Array, name: string): string {
  if (bytes.length <= MAX_SCHEMA_BYTES) return new TextDecoder().decode(bytes)
  throw new AgwError('USAGE', `${name} is too large for a schema`, { hint: 'is this the right file?' })
}

function failed(name: string, why: string, cause?: unknown): AgwError {
  return new AgwError('UPSTREAM_FAILED', `cannot read the schema ${name}: ${why}`, {
    hint: 'try again, or download it and name the file with --schema PATH',
    cause,
  })
}

/** The system's code for what went wrong on the way; the messages of `fetch` say nothing. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time'
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined
  return `the connection failed (${cause?.code ?? 'no reason is given'})`
}
