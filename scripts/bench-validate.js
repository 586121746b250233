// How long `agw` takes as a whole process, over a bare node: `node scripts/bench-validate.js [rounds]`, after a build.
// Rounds are taken in turn, so that a busy moment of the machine hits all alike; on a busy machine the fastest round counts.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const rounds = Number(process.argv[2] ?? 7)
const folder = mkdtempSync(join(tmpdir(), 'agw-bench-'))
const BARE = 'bare node'

/** Two lines a route. */
function config(lines) {
  const head = ['gateways: { default: { port: 3000 } }', 'routes:']
  const routes = Array.from({ length: (lines - head.length) / 2 }, (_, at) => [
    `- { name: r${at}, matches: [{ path: { pathPrefix: /r${at} } }],`,
    `    backends: [{ host: "127.0.0.1:${1024 + (at % 60000)}" }] }`,
  ])
  return `${[...head, ...routes.flat()].join('\n')}\n`
}

function run(args) {
  const from = process.hrtime.bigint()
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stdout}`)
  return Number(process.hrtime.bigint() - from) / 1e6
}

/** From the start of `agw serve` until it says that it listens. */
async function untilListening() {
  const from = process.hrtime.bigint()
  const child = spawn(process.execPath, [BIN, 'serve', '-f', 'serve.yaml', '--json'], { cwd: folder })
  for await (const chunk of child.stdout) if (String(chunk).includes('"listening"')) break
  const time = Number(process.hrtime.bigint() - from) / 1e6
  if (child.exitCode !== null) throw new Error('agw serve ended before it listened')
  child.kill()
  await new Promise(resolve => child.on('close', resolve))
  return time
}

const cases = new Map([
  [BARE, ['-e', '0']],
  ['--version', [BIN, '--version']],
])
for (const lines of [100, 1000, 10_000]) {
  writeFileSync(join(folder, `${lines}.yaml`), config(lines))
  cases.set(`${lines} lines`, [BIN, 'validate', `${lines}.yaml`, '--engine', 'agentgateway'])
}
// A key in a file (which the format looks up from the working directory), one out of the environment's file, and one named in agw.yaml: nothing that waits for a network.
const KEYS = `llm:
  models:
  - { name: a, provider: openAI, params: { apiKey: { file: keys/openai.key } } }
  - { name: b, provider: anthropic, params: { apiKey: "$ANTHROPIC_API_KEY" } }
  - { name: c, provider: openAI, params: { apiKey: "$OTHER_API_KEY" } }
`
const KEY_FILES = {
  'config.yaml': KEYS,
  'openai.key': `sk-${'0123456789abcdef'.repeat(3)}\n`,
  'other.key': `sk-${'fedcba9876543210'.repeat(3)}\n`,
  '.env': `ANTHROPIC_API_KEY=sk-ant-${'0123456789abcdef'.repeat(3)}\n`,
  'agw.yaml': 'secrets: { OTHER_API_KEY: { file: other.key } }\n',
}
mkdirSync(join(folder, 'keys'))
for (const [name, text] of Object.entries(KEY_FILES)) {
  writeFileSync(join(folder, 'keys', name), text, { mode: 0o600 })
}
cases.set('keys list', [BIN, 'keys', 'list', '-f', join('keys', 'config.yaml')])
const SERVE = 'serve listens'
writeFileSync(join(folder, 'serve.yaml'), config(100).replace('3000', '0'))
const times = new Map([...cases.keys(), SERVE].map(name => [name, []]))
for (let round = 0; round < rounds; round += 1) {
  for (const [name, args] of cases) times.get(name).push(run(args))
  times.get(SERVE).push(await untilListening())
}
rmSync(folder, { recursive: true })

const sorted = name => times.get(name).toSorted((a, b) => a - b)
const median = name => sorted(name)[Math.floor(rounds / 2)]
const fastest = name => sorted(name)[0]
const line = cells => console.log(cells.map((cell, at) => cell.padEnd(at === 0 ? 16 : 10)).join(''))
const over = (statistic, name) => statistic(name) - statistic(BARE)

console.log(`node ${process.version}, ${rounds} rounds, ms; "over" is over bare node`)
line(['', 'median', 'over', 'fastest', 'over'])
for (const name of times.keys()) {
  line([name, ...[median, fastest].flatMap(of => [of(name), over(of, name)]).map(time => time.toFixed(0))])
}
const ratio = over(fastest, '10000 lines') / over(fastest, '1000 lines')
console.log(`ten times 1000 lines take ${ratio.toFixed(1)} times as long`)
