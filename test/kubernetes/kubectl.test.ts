import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { AgwError } from '../../src/errors.ts'
import { applySecret, secretObject } from '../../src/kubernetes/index.ts'
import { Secret } from '../../src/secrets/secret.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const canary = 'sk-canary-0123456789'
const target = { name: 'openai-secret', namespace: 'llm', key: new Secret(canary) }

/**
 * A fake kubectl: it records the arguments and the input of each call, and then ends as it was told. `get` answers
 * with the annotation it was given.
 */
function fakeKubectl(settings: { status?: number; stderr?: string; annotation?: string } = {}) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'agw-kubectl-')))
  folders.push(folder)
  const { status = 0, stderr = '', annotation = '' } = settings
  writeFileSync(join(folder, 'stderr'), stderr)
  writeFileSync(join(folder, 'annotation'), annotation)
  const script = `#!/bin/sh
cd '${folder}'
number=$(ls | grep -c '^argv' || true)
for argument in "$@"; do printf '%s\\n' "$argument"; done > argv.$number
cat > stdin.$number
env > env.$number
case " $* " in *" get "*) cat annotation; exit 0;; esac
cat stderr >&2
echo secret/openai-secret
exit ${status}
`
  writeFileSync(join(folder, 'kubectl'), script, { mode: 0o755 })
  const env = { PATH: `${folder}${delimiter}${process.env['PATH']}` }
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return {
    env,
    folder,
    call: (number: number) => ({
      argv: read(`argv.${number}`).trimEnd().split('\n'),
      stdin: read(`stdin.${number}`),
    }),
    calls: () => readdirSync(folder).filter(name => name.startsWith('argv')).length,
  }
}

describe.skipIf(process.platform === 'win32')('applySecret', () => {
  test('sends the Secret on standard input, by server-side apply, with nothing of it in arguments', async () => {
    const fake = fakeKubectl()
    expect(await applySecret({ ...target, env: fake.env })).toEqual({ oldCopyInAnnotation: false })
    const { argv, stdin } = fake.call(0)
    expect(argv.join(' ')).toBe('-n llm apply --server-side --field-manager=agw -f - -o name')
    expect(JSON.parse(stdin)).toEqual(secretObject('openai-secret', 'llm', target.key))
    const encoded = Buffer.from(canary).toString('base64')
    for (const name of readdirSync(fake.folder).filter(one => !one.startsWith('stdin'))) {
      const content = readFileSync(join(fake.folder, name), 'utf8')
      expect([name, content.includes(canary) || content.includes(encoded)]).toEqual([name, false])
    }
  })

  test('the context is named in every call', async () => {
    const fake = fakeKubectl()
    await applySecret({ ...target, context: 'prod', env: fake.env })
    expect(fake.call(0).argv.slice(0, 4)).toEqual(['--context', 'prod', '-n', 'llm'])
    expect(fake.call(1).argv.slice(0, 6)).toEqual(['--context', 'prod', '-n', 'llm', 'get', 'secret'])
    expect(fake.call(1).stdin).toBe('')
  })

  test('an old copy in an annotation is told of, and not shown', async () => {
    const fake = fakeKubectl({ annotation: `{"stringData":{"Authorization":"${canary}"}}` })
    const applied = await applySecret({ ...target, env: fake.env })
    expect(applied).toEqual({ oldCopyInAnnotation: true })
  })

  const failures: [stderr: string, message: RegExp][] = [
    ['error: context "prod" does not exist', /kubectl knows no context "prod"/],
    ['error: error loading config file "/x": yaml: line 1', /cannot read its kubeconfig/],
    ['Error from server (NotFound): namespaces "llm" not found', /the namespace llm does not exist/],
    [
      'Error from server (Forbidden): secrets "openai-secret" is forbidden: User "me" cannot patch resource "secrets"',
      /you may not write Secrets in the namespace llm/,
    ],
    [
      'error: Apply failed with 1 conflict: conflict with "kubectl-create" using v1: .data.Authorization',
      /made by another tool, which owns its key/,
    ],
    ['The Secret is invalid: data: Forbidden: field is immutable when `immutable` is set', /is immutable/],
    ['error: You must be logged in to the server (Unauthorized)', /does not take your login/],
    [
      'Get "https://x": getting credentials: exec: executable missing-plugin not found',
      /does not take your login/,
    ],
    [
      'error: failed to download openapi: Get "http://localhost:8080/openapi/v2": dial tcp 127.0.0.1:8080: connect: connection refused',
      /reaches no cluster/,
    ],
    ['Unable to connect to the server: dial tcp: lookup nohost: no such host', /reaches no cluster/],
    ['Unable to connect to the server: x509: certificate signed by unknown authority', /reaches no cluster/],
    ['Error: unknown flag: --server-side', /too old for server-side apply/],
    ['something nobody has seen', /kubectl ended with status 1/],
  ]
  test.each(failures)('%s', async (stderr, message) => {
    const fake = fakeKubectl({ status: 1, stderr: `${stderr}\nraw data was: ${canary}\n` })
    const error = await applySecret({ ...target, context: 'prod', env: fake.env }).catch(caught => caught)
    expect(error).toBeInstanceOf(AgwError)
    expect(error).toMatchObject({ code: 'TOOL_FAILED', exitCode: 4, hint: expect.any(String) })
    expect(error.message).toMatch(/^cannot write the Secret llm\/openai-secret: /)
    expect(error.message).toMatch(message)
    expect(JSON.stringify([error.message, error.hint, error.stack, String(error.cause)])).not.toContain(
      'canary',
    )
    expect(fake.calls()).toBe(1)
  })

  test('without kubectl it says how to get it', async () => {
    const error = await applySecret({ ...target, env: { PATH: '' } }).catch(caught => caught)
    expect(error).toMatchObject({ code: 'TOOL_MISSING', hint: expect.stringMatching(/install it/) })
  })

  const names: [name: string, namespace: string, message: RegExp][] = [
    ['openai-secret', '--all-namespaces', /name of a namespace/],
    ['openai-secret', 'a.b', /name of a namespace/],
    ['Bad_Name', 'llm', /name of a Secret/],
    ['-x', 'llm', /name of a Secret/],
  ]
  test.each(names)('%s in %s is refused before kubectl is asked', async (name, namespace, message) => {
    const fake = fakeKubectl()
    const error = await applySecret({ ...target, name, namespace, env: fake.env }).catch(caught => caught)
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) })
    expect(fake.calls()).toBe(0)
  })

  test.skipIf(!existsSync('/usr/bin/kubectl'))('the real kubectl, with no cluster to reach', async () => {
    const env = { PATH: '/usr/bin:/bin', KUBECONFIG: '/dev/null', HOME: '/nonexistent' }
    await expect(applySecret({ ...target, env })).rejects.toThrow(/kubectl reaches no cluster/)
    await expect(applySecret({ ...target, env, context: 'nope' })).rejects.toThrow(/knows no context "nope"/)
  })
})
