import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { beforeAll, describe, expect, it } from 'vitest'
import { diagnosticsPage } from '../../../src/cli/report/diagnostics-page.ts'
import { codesText, explanationJson, explanationText } from '../../../src/cli/report/explanation.ts'
import { Terminal } from '../../../src/cli/terminal.ts'
import { CODES, type Code } from '../../../src/config/codes.ts'
import { type Explanation, explain } from '../../../src/explain.ts'
import { ROOT } from '../../helpers/agw.ts'
import { noGit, unless } from '../../helpers/needs.ts'

const codes = Object.keys(CODES) as Code[]
const stream = { write: () => true } as unknown as NodeJS.WritableStream
const terminal = new Terminal({ stdin: {}, stdout: stream, stderr: stream, env: {}, redact: text => text })

let explanations: Explanation[]
beforeAll(async () => {
  explanations = []
  for (const code of codes) explanations.push(await explain(code, process.env['PATH']))
})

// What is found of a file's mode differs where files have none, and some examples ask git.
describe.skipIf(process.platform === 'win32' || noGit !== undefined)(`every code${unless(noGit)}`, () => {
  it('is explained by an example that shows it', () => {
    for (const { code, finding, bad, good } of explanations) {
      expect(finding?.message, code).toBeTruthy()
      expect(
        [bad?.text, good?.text].every(text => typeof text === 'string'),
        code,
      ).toBe(true)
    }
  })

  it('breaks no word where the terminal is narrow', () => {
    const narrow = Object.assign(new PassThrough(), { isTTY: true, columns: 60 })
    const env = { NO_COLOR: '1' }
    const at60 = new Terminal({ stdin: {}, stdout: narrow, stderr: narrow, env, redact: text => text })
    for (const one of explanations) {
      const told = explanationText({ ...one, bad: undefined, good: undefined }, at60).split('\n')
      // A command is one word, so that it can be copied.
      const long = told.filter(line => line.length > 60 && !line.includes('`'))
      expect(long.filter(line => line.trim().replace('→ ', '').includes(' '))).toEqual([])
    }
  })

  it('is explained in text with why, what to do, and both examples', () => {
    for (const one of explanations) {
      const text = explanationText(one, terminal)
      for (const part of [
        one.code,
        one.title,
        one.why,
        one.finding?.hint,
        'Bad',
        'Good',
        one.finding?.message,
      ]) {
        expect(text).toContain(part)
      }
      // What to do is the advice for this very example.
      const at = (part = ''): number => text.indexOf(part)
      expect(at('Bad'), one.code).toBeLessThan(at(`→ ${one.finding?.hint}`))
      expect(Math.max(...text.split('\n').map(line => line.length))).toBeLessThan(500)
    }
  })

  it('is explained in JSON', () => {
    for (const one of explanations) {
      expect(JSON.parse(JSON.stringify(explanationJson(one)))).toMatchObject({
        code: one.code,
        severity: CODES[one.code].severity,
        stage: expect.any(String),
        why: CODES[one.code].why,
        hint: expect.any(String),
        line: expect.any(Number),
        bad: { text: expect.any(String) },
        good: { text: expect.any(String) },
      })
    }
  })

  it('names no folder of this machine', () => {
    expect(JSON.stringify(explanations)).not.toMatch(/agw-explain/)
  })

  it('is in the list', () => {
    const text = codesText(terminal)
    for (const code of codes)
      expect(text).toMatch(new RegExp(`^  ${code} .*${CODES[code].title.slice(0, 5)}`, 'm'))
  })

  it('is on docs/diagnostics.md, which is up to date (else: npm run docs)', async () => {
    const page = await readFile(join(ROOT, 'docs/diagnostics.md'), 'utf8')
    expect([...page.matchAll(/^### (\w+)$/gm)].map(([, code]) => code).sort()).toEqual(codes.toSorted())
    expect(page === diagnosticsPage(explanations)).toBe(true)
  })
})
