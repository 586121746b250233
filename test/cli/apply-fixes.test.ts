import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { checkConfig } from '../../src/checking/check.ts'
import { applyFixes, type CheckWith } from '../../src/cli/apply-fixes.ts'

it('changes no mode without a yes, when somebody else has mended the text in the meantime', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'agw-fix-'))
  onTestFinished(() => rm(cwd, { recursive: true }))
  const [file, key] = [join(cwd, 'config.yaml'), join(cwd, 'key')]
  await writeFile(
    file,
    '# $NOPE\nbinds: [{ port: 1, listeners: [{ routes: [{ policies: { backendAuth: { key: { file: key } } },\n' +
      '  backends: [{ ai: { name: openai, provider: { openAI: {} } } }] }] }] }]\n',
    { mode: 0o600 },
  )
  await writeFile(key, 'sk-mode-0123456789abcdef')
  await chmod(key, 0o644)
  const check: CheckWith = async texts => {
    const mended = texts.get(file)
    if (mended !== undefined) await writeFile(file, mended)
    return [await checkConfig({ file, env: {}, cwd, texts }, { secrets: true })]
  }
  const options = { cwd, terminal: { err: () => {} }, prompt: { allowed: false }, yes: false, dryRun: false }
  await expect(applyFixes(check, options as never)).rejects.toThrow(/needs a yes/)
  expect((await stat(key)).mode & 0o777).toBe(0o644)
})
