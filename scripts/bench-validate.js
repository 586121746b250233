// How long `agw validate` takes as a whole process, over a bare node: `node scripts/bench-validate.js [rounds]`, after a build.
// Rounds are taken in turn, so that a busy moment of the machine hits all alike; the median counts.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

const cases = new Map([[BARE, ['-e', '0']]])
for (const lines of [100, 1000, 10_000]) {
  writeFileSync(join(folder, `${lines}.yaml`), config(lines))
  cases.set(`${lines} lines`, [BIN, 'validate', `${lines}.yaml`, '--engine', 'agentgateway'])
}
const times = new Map([...cases.keys()].map(name => [name, []]))
for (let round = 0; round < rounds; round += 1) {
  for (const [name, args] of cases) times.get(name).push(run(args))
}
rmSync(folder, { recursive: true })

const median = name => times.get(name).toSorted((a, b) => a - b)[Math.floor(rounds / 2)]
console.log(`node ${process.version}, median of ${rounds} rounds, ms`)
console.log(['', 'process', 'over bare node'].map((cell, at) => cell.padEnd(at === 0 ? 14 : 10)).join(''))
for (const name of times.keys()) {
  const cells = [name.padEnd(14), median(name).toFixed(0).padEnd(10)]
  if (name !== BARE) cells.push((median(name) - median(BARE)).toFixed(0))
  console.log(cells.join(''))
}
const over = name => median(name) - median(BARE)
console.log(
  `ten times 1000 lines take ${(over('10000 lines') / over('1000 lines')).toFixed(1)} times as long`,
)
