import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { agw } from '../helpers/agw.ts'
import { GUIDE } from '../helpers/guide.ts'
import { BAD, DOUBTFUL, ENV, folder, json, KEY, put, useFolder, validate } from '../helpers/validate.ts'

useFolder()

describe('formats', () => {
  const inline = GUIDE.inline.replace('sk-proj....', KEY)

  it.each(['text', 'json', 'github', 'sarif', 'junit'])(
    '%s goes to standard output, without a key',
    async format => {
      await put({ 'config.yaml': inline.replace('policies:', 'polices:') })
      const run = await validate(['--format', format])
      expect(run.status).toBe(1)
      expect(run.stdout).toContain('UNKNOWN_KEY')
      expect(run.stdout + run.stderr).not.toContain(KEY.slice(8, 24))
    },
  )

  it('json is the same by its flag, by --format and by the environment', async () => {
    await put({ 'config.yaml': BAD })
    const [a, b, c] = await Promise.all([
      validate(['--json']),
      validate(['--format', 'json']),
      validate([], { AGW_FORMAT: 'json' }),
    ])
    expect(b.stdout).toBe(a.stdout)
    expect(c.stdout).toBe(a.stdout)
    expect(json(a)).toEqual({
      files: [
        {
          file: 'config.yaml',
          valid: false,
          diagnostics: [
            {
              code: 'UNKNOWN_KEY',
              severity: 'error',
              message: '"bindz" is not a key of the config',
              hint: expect.stringMatching(/^did you mean "binds"\?/),
              line: 1,
              column: 1,
              endLine: 1,
              endColumn: 6,
              path: 'bindz',
            },
          ],
        },
      ],
      summary: { files: 1, errors: 1, warnings: 0, notes: 0 },
    })
  })

  it('github writes the page of the run, too', async () => {
    await put({ 'config.yaml': BAD, 'summary.md': '# before\n' })
    const run = await validate(['--format', 'github'], { GITHUB_STEP_SUMMARY: join(folder, 'summary.md') })
    expect(run.stdout).toMatch(/^::error file=config\.yaml,line=1,/)
    expect(await readFile(join(folder, 'summary.md'), 'utf8')).toMatch(
      /^# before\n### ❌ agw validate: 1 error\n/,
    )
    const other = await validate(['--format', 'github'], {
      GITHUB_STEP_SUMMARY: join(folder, 'no/such/file'),
    })
    expect([other.status, other.stderr]).toEqual([1, expect.stringMatching(/summary was not written/)])
  })

  it.each(['github', 'sarif', 'junit'])('%s names files from the workspace on', async format => {
    await put({ 'sub/config.yaml': BAD })
    const run = await agw(['validate', '--format', format], {
      cwd: join(folder, 'sub'),
      env: { GITHUB_WORKSPACE: folder },
    })
    expect(run.stdout).toContain('sub/config.yaml')
  })

  it('hide what a comment ignores, but for sarif, which tells', async () => {
    await put({
      'config.yaml': DOUBTFUL.replace('-of-alice', '-of-alice # agw-ignore PLAIN_VIRTUAL_KEY: a test'),
    })
    const run = await validate(['--strict', '--engine', 'agentgateway'], ENV)
    expect([run.status, run.stdout]).toEqual([0, '✓ config.yaml: no findings (1 ignored by comments)\n'])
    const sarif = await validate(['--engine', 'agentgateway', '--format', 'sarif'], ENV)
    expect(JSON.parse(sarif.stdout).runs[0].results).toMatchObject([
      { ruleId: 'PLAIN_VIRTUAL_KEY', suppressions: [{ kind: 'inSource', justification: 'a test' }] },
    ])
  })
})

describe('what cannot be checked', () => {
  it.each(['github', 'sarif', 'junit'])('is told in the form that was asked for: %s', async format => {
    await put({ 'config.yaml': BAD })
    for (const run of [
      await validate(['--format', format, 'nope.yaml']),
      await validate(['nope.yaml'], { AGW_FORMAT: format }),
    ]) {
      expect(run.status).toBe(2)
      expect(run.stderr).toMatch(/error .*nope\.yaml does not exist\n/)
      expect(run.stdout).toContain('nope.yaml does not exist')
      if (format === 'github') expect(run.stdout).toMatch(/^::error title=agw validate::[^\n]*\n$/)
      if (format === 'junit') expect(run.stdout).toMatch(/<testsuites[^>]* errors="1"[\s\S]*<error /)
      if (format !== 'sarif') continue
      const [found] = JSON.parse(run.stdout).runs
      expect(found).toMatchObject({
        tool: { driver: { name: 'agw' } },
        results: [],
        invocations: [
          {
            executionSuccessful: false,
            exitCode: 2,
            toolExecutionNotifications: [{ level: 'error', descriptor: { id: 'USAGE' } }],
          },
        ],
      })
    }
  })

  it('is told as any failure in json', async () => {
    const run = await validate(['--format', 'json', 'nope.yaml'])
    expect([run.status, json(run)]).toMatchObject([2, { error: { code: 'USAGE', exitCode: 2 } }])
  })
})
