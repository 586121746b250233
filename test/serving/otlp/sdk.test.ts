import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT, tempFolder } from '../../helpers/agw.ts'

const DIST = join(ROOT, 'dist')

describe.skipIf(!existsSync(DIST))('without the packages', () => {
  it('names what to install', async () => {
    const folder = await tempFolder()
    for (const name of ['errors.js', 'serving/otlp'])
      cpSync(join(DIST, name), join(folder, name), { recursive: true })
    const program = `import { loadSdk } from './serving/otlp/sdk.js'
      await loadSdk().catch(error => console.log(error.code, error.hint))`
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    const args = ['--input-type=module', '-e', program]
    const said = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    expect(said).toMatch(/^CONFIG_INVALID install them beside agw: npm install @opentelemetry\/api /)
  })
})
