import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { type Mock, type SeenRequest, startMock } from '../../src/mock/index.ts'
import { agw, type Run, type RunOptions, tempFolder } from './agw.ts'
import { keyLike } from './keys.ts'

/** A key for the provider of the scene. */
export const KEY = keyLike('openai', 'test-route')

/** `agw test-route` in a folder of its own for each test, beside a provider. */
export let folder: string
/** The provider: any key will do. */
export let mock: Mock
/** What the provider was asked. */
export let seen: SeenRequest[]

/** Called by a file whose tests are in that scene. */
export function useRouteScene(): void {
  beforeEach(async () => {
    folder = await tempFolder()
    seen = []
    mock = await startMock({ onRequest: one => seen.push(one) })
  })
  afterEach(() => mock.close())
}

/** Writes the config. */
export const put = (config: string | object): Promise<void> =>
  writeFile(
    join(folder, 'config.yaml'),
    typeof config === 'string' ? config : JSON.stringify(config, null, 1),
  )

export const testRoute = (args: readonly string[], options: Omit<RunOptions, 'cwd'> = {}): Promise<Run> =>
  agw(['test-route', ...args], { cwd: folder, ...options })
