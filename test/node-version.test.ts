import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runsOn } from '../src/node-version.ts'
import { agw, ROOT, tempFolder } from './helpers/agw.ts'

it.each([
  ['v18.20.8', false],
  ['v20.18.3', false],
  ['v20.19.0', true],
  ['v21.7.3', false],
  ['v22.11.0', false],
  ['v22.12.0', true],
  ['v24.0.0', true],
])('%s: %s, as package.json says', (version, fits) => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  expect(engines.node).toBe('^20.19.0 || >=22.12.0')
  expect(runsOn(version)).toBe(fits)
})

it.each([[[]], [['validate', '--json']], [['--version']]])(
  'agw on an older one says which it needs: %j',
  async args => {
    const older = `Object.defineProperty(process, 'version', { value: 'v18.20.8' })`
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(older)}`
    const { status, stdout, stderr } = await agw(args, { cwd: await tempFolder(), env: { NODE_OPTIONS } })
    expect(status).toBe(2)
    const said = args.includes('--json') ? JSON.parse(stdout).error : stderr
    if (typeof said === 'string')
      expect(said).toBe(
        'error Node v18.20.8 is not one that agw runs on\n  → use Node 20.19, 22.12 or newer\n',
      )
    else expect(said).toMatchObject({ code: 'USAGE', hint: 'use Node 20.19, 22.12 or newer' })
  },
)
