// Runs commands of the built program one after the other in one process, for test/helpers/shared-process.ts: starting a
// process and loading the program takes ten times as long as most commands do. What a process has of its own is each
// command's own: arguments, environment, folder, standard input, exit status, listeners. A command that ends its process
// ends this one.
import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { main } from '../../bundle/cli/main.js'

const PROGRAM = new URL('../../bin/run.js', import.meta.url).href
const HOME = process.cwd()
const { execPath, emitWarning } = process

process.on('message', ({ args, cwd, env, input, end }) => void run({ args, cwd, env, input, end }))
process.on('disconnect', () => process.exit())
const before = [process, process.stdout, process.stderr].map(emitter => [emitter, listeners(emitter)])
const own = awaited()

async function run({ args, cwd, env, input, end }) {
  process.chdir(cwd)
  process.argv = [execPath, fileURLToPath(PROGRAM), ...args]
  setEnvironment(env)
  // A pipe, to who looks at its descriptor: ours is one.
  const stdin = Object.assign(Readable.from(input === '' ? [] : [Buffer.from(input)]), { fd: 0 })
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true })
  await main(PROGRAM)
  // The library waits for this too, and takes it ill when it does not come.
  for (const stream of [process.stdout, process.stderr])
    await new Promise(written => stream.write('', written))
  // As a process does that has nothing more to wait for.
  while (awaited().length > own.length) await setTimeout(2, undefined, { ref: false })
  const status = process.exitCode ?? 0
  process.exitCode = undefined
  process.emitWarning = emitWarning
  for (const [emitter, kept] of before) restore(emitter, kept)
  process.chdir(HOME)
  for (const stream of [process.stdout, process.stderr]) stream.write(end)
  process.send({ status })
}

/** In place: the system's own functions, which find the home folder, see only that. */
function setEnvironment(env) {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name]
  Object.assign(process.env, env)
}

/** What keeps the process from ending. */
function awaited() {
  return process.getActiveResourcesInfo()
}

function listeners(emitter) {
  return new Map(emitter.eventNames().map(name => [name, emitter.rawListeners(name)]))
}

function restore(emitter, kept) {
  for (const name of emitter.eventNames())
    for (const listener of emitter.rawListeners(name))
      if (!kept.get(name)?.includes(listener)) emitter.removeListener(name, listener)
}
