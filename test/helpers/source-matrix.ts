import { expect, it } from 'vitest'
import { put, type Setting } from '../secrets/sources/settings.ts'
import { agw, tempFolder } from './agw.ts'

/** A source in a certain state, and what is said of it. */
export type Row = [
  source: string,
  state: string,
  message: RegExp,
  make: (folder: string) => Setting | Promise<Setting>,
]

/** Tests that what is wrong with a source is said, with exit status 4, and nothing of a value. */
export function saysWhatIsWrong(rows: readonly Row[]): void {
  it.each(rows)('%s, %s', async (_, __, message, make) => {
    const folder = await tempFolder()
    const { entry, sources, env, end } = await make(folder)
    put(
      folder,
      'config.yaml',
      'llm:\n  models:\n  - name: m\n    provider: openAI\n    params: {apiKey: "$A_KEY"}\n',
    )
    put(
      folder,
      'agw.yaml',
      `secrets:\n  A_KEY: ${entry}\n${sources === undefined ? '' : `sources: ${sources}\n`}`,
    )
    const { status, stdout, stderr } = await agw(['test-route', '--model', 'm', '--json'], {
      cwd: folder,
      env: { AGW_TRUST: '1', ...env },
    })
    await end?.()
    const { error } = JSON.parse(stdout)
    expect(error).toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/\S{3}/),
    })
    expect(error.message).toMatch(/^config\.yaml:5:23: A_KEY \(/)
    expect(status).toBe(4)
    expect(stdout + stderr).not.toMatch(/canary/)
  })
}
