import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { ROOT, start, tempFolder } from '../helpers/agw.ts'
import { freePort } from '../helpers/free-port.ts'
import { keyLike } from '../helpers/keys.ts'

const KEY = keyLike('openai', 'service')

const [, section = ''] = readFileSync(join(ROOT, 'docs/running.md'), 'utf8').split(
  '## As a service or in a container\n',
)
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(section)?.[1] ?? ''
const UNIT = block('ini')
const IMAGE = block('dockerfile')

const ANALYZE = '/usr/bin/systemd-analyze'
const noSystemd = !existsSync(ANALYZE)

let folder: string
beforeEach(async () => {
  folder = await tempFolder()
})

describe('what the page says of a service', () => {
  it.skipIf(noSystemd)('is a unit that systemd reads without a complaint', () => {
    const unit = join(folder, 'agw.service')
    // The program is installed nowhere here.
    writeFileSync(unit, UNIT.replace('/usr/local/bin/agw', '/bin/true'))
    const { stdout, stderr } = spawnSync(ANALYZE, ['verify', '--man=no', unit], {
      encoding: 'utf8',
    })
    const aboutIt = `${stdout}${stderr}`.split('\n').filter(line => line.includes('agw.service'))
    expect(aboutIt).toEqual([])
  })

  it.each([
    ['the unit', () => /^ExecStart=\S+ (.*)$/m.exec(UNIT)?.[1]?.split(' ') ?? []],
    ['the image', () => (JSON.parse(/^ENTRYPOINT (.*)$/m.exec(IMAGE)?.[1] ?? '[]') as string[]).slice(1)],
  ])('starts with the key as a credential, by the words of %s', async (_, words) => {
    const port = await freePort()
    mkdirSync(join(folder, 'credentials'))
    writeFileSync(join(folder, 'credentials/openai'), `${KEY}\n`)
    chmodSync(join(folder, 'credentials/openai'), 0o400)
    const models = [{ name: '*', provider: 'openAI', params: { apiKey: '$OPENAI_API_KEY' } }]
    const config = { gateways: { default: { port } }, llm: { models } }
    writeFileSync(join(folder, 'config.yaml'), JSON.stringify(config))
    writeFileSync(join(folder, 'agw.yaml'), JSON.stringify(parse(block('yaml'))))
    const args = words().map(word => (word === '/etc/agw/config.yaml' ? 'config.yaml' : word))
    expect(args[0]).toBe('serve')
    const gateway = start(args, { cwd: folder, env: { CREDENTIALS_DIRECTORY: join(folder, 'credentials') } })
    await gateway.until('ready')
    const [, admin = ''] = await gateway.until(/"message":"admin pages on (http:[^\s"]+)/)
    const [, path = ''] = /fetch\('http:\/\/127\.0\.0\.1:15000(\/[^']*)'\)/.exec(IMAGE) ?? []
    expect((await fetch(admin + path)).status).toBe(200)
    expect(await gateway.stop('SIGTERM')).toBe(0)
  })
})
