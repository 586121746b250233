import { createServer } from 'node:net'
import { keySlots } from '../config/index.ts'
import { AgwError } from '../errors.ts'
import { compileRuntime } from '../gateway/index.ts'
import type { LoadedConfig } from '../load.ts'
import { placeholderSecrets } from '../secrets/index.ts'
import { type Finding, finding } from './finding.ts'

/** Whether the ports of the config can be listened on; `isServed`: a gateway of agw has them. */
export async function lookAtPorts(loaded: LoadedConfig, isServed: boolean): Promise<Finding[]> {
  const found: Finding[] = []
  for (const port of portsOf(loaded)) {
    const code = await tryPort(port)
    if (code === undefined) found.push(finding(`port ${port}`, 'ok', 'free'))
    else if (code === 'EADDRINUSE' && isServed)
      found.push(finding(`port ${port}`, 'ok', 'taken by the gateway that runs'))
    else if (code === 'EADDRINUSE') {
      found.push(
        finding(
          `port ${port}`,
          'error',
          'another program listens on it',
          `see which: ss -ltnp 'sport = :${port}'`,
        ),
      )
    } else
      found.push(finding(`port ${port}`, 'error', `cannot be listened on (${code})`, 'use one above 1023'))
  }
  return found
}

/** None where the embedded gateway would not start on the config anyway. */
function portsOf({ draft, document }: LoadedConfig): number[] {
  if (draft === undefined) return []
  try {
    const resolved = placeholderSecrets(draft, keySlots(draft, document))
    return compileRuntime(resolved).binds.map(bind => bind.port)
  } catch (error) {
    if (error instanceof AgwError) return []
    throw error
  }
}

function tryPort(port: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(undefined)))
  })
}
