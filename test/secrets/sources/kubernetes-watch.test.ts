import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { SecretKeeper } from '../../../src/secrets/keeper.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import { kubernetesSource } from '../../../src/secrets/sources/kubernetes.ts'
import { tempFolders } from '../folders.ts'
import { type FakeKubernetes, fakeKubernetes } from './fake-kubernetes.ts'

const folder = tempFolders()
const PATH = '/api/v1/namespaces/prod/secrets/keys'

const open: Disposable[] = []
afterEach(() => {
  for (const one of open.splice(0)) one[Symbol.dispose]()
})

const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await new Promise(resolve => setTimeout(resolve, 10))
}

function prepared(cluster: FakeKubernetes, names: readonly string[]) {
  const configDir = folder()
  const one = {
    name: 'x',
    context: { cluster: 'x', user: 'x', namespace: 'prod' },
    cluster: { server: cluster.url },
    user: { tokenFile: 'token' },
  }
  const config = { 'current-context': 'x', contexts: [one], clusters: [one], users: [one] }
  writeFileSync(join(configDir, 'kubeconfig'), JSON.stringify(config))
  writeFileSync(join(configDir, 'token'), cluster.state.token)
  const references = names.flatMap(name =>
    ['a', 'b'].map(key => ({ variable: key, kind: 'kubernetes', where: { name, key } }) as const),
  )
  const context = { env: { KUBECONFIG: join(configDir, 'kubeconfig') }, configDir, connections: {} }
  return { configDir, context, references }
}

/** A watch on Secrets, and how often it has told of a change. */
async function watching(
  cluster: FakeKubernetes,
  names: readonly string[] = ['keys'],
  between?: (read: string[]) => void,
) {
  const { configDir, context, references } = prepared(cluster, names)
  let told = 0
  if (between !== undefined) {
    const found = await kubernetesSource.resolve(references, context)
    between([...found.values()].map(one => (one instanceof Secret ? one.reveal() : one.code)))
  }
  const watch = kubernetesSource.watch?.(
    references,
    () => {
      told += 1
    },
    context,
  )
  if (watch !== undefined) open.push(watch)
  await until(() => cluster.watches() === names.length || !cluster.state.mayWatch)
  return { configDir, told: () => told, close: () => watch?.[Symbol.dispose]() }
}

const queries = (cluster: FakeKubernetes): URLSearchParams[] =>
  cluster.seen.filter(one => one.includes('watch=')).map(one => new URL(one, 'http://x').searchParams)

describe("the watch of Kubernetes, on a fake of the API's secrets", () => {
  test('one watch for a Secret, however many keys; it asks for that name only', async () => {
    const cluster = await fakeKubernetes()
    await watching(cluster, ['keys', 'others'])
    // Both are begun at once: which of them arrives first is open.
    expect(
      queries(cluster)
        .map(query => query.get('fieldSelector'))
        .sort(),
    ).toEqual(['metadata.name=keys', 'metadata.name=others'])
  })

  test('a Secret that is changed, removed and made again is told each time', async () => {
    const cluster = await fakeKubernetes()
    cluster.put(PATH, { a: '1' })
    const { told } = await watching(cluster)
    await until(() => told() === 1)
    for (const change of [
      () => cluster.put(PATH, { a: '2' }),
      () => cluster.remove(PATH),
      () => cluster.put(PATH, { a: '3' }),
    ]) {
      const before = told()
      change()
      await until(() => told() === before + 1)
    }
  })

  test('what was read already is no change; what was changed since is one', async () => {
    const cluster = await fakeKubernetes()
    cluster.put(PATH, { a: '1', b: '2' })
    const { told } = await watching(cluster, ['keys'], read => expect(read).toEqual(['1', '2']))
    cluster.endWatches()
    await until(() => queries(cluster).length === 2)
    // It goes on from what its first event said: that has been looked at.
    expect(queries(cluster).at(-1)?.has('resourceVersion')).toBe(true)
    expect(told()).toBe(0)
    await until(() => cluster.watches() === 1)
    cluster.put(PATH, { a: '3', b: '2' })
    await until(() => told() === 1)
    const other = await watching(cluster, ['keys'], () => cluster.put(PATH, { a: '4', b: '2' }))
    await until(() => other.told() === 1)
  })

  test('a gateway that starts asks for each Secret once, though the watch tells of it too', async () => {
    const cluster = await fakeKubernetes()
    cluster.put(PATH, { a: 'sk-1', b: 'sk-2' })
    const { context, references } = prepared(cluster, ['keys'])
    let changes = 0
    const onChange = (): void => {
      changes += 1
    }
    const keeper = new SecretKeeper({ onChange, onEvent: () => undefined })
    open.push({ [Symbol.dispose]: () => keeper.close() })
    const entries = references.map(one => ({ ...one, refreshMs: 3_600_000, timeoutMs: undefined }))
    await keeper.gather(entries, context)
    await until(() => cluster.watches() === 1)
    cluster.endWatches()
    // The next watch goes on from what the first one has told of: that has been looked at.
    await until(() => queries(cluster).length === 2 && cluster.watches() === 1)
    expect(cluster.seen.filter(one => one === PATH).length).toBe(1)
    cluster.put(PATH, { a: 'sk-3', b: 'sk-2' })
    await until(() => changes === 1)
    expect(cluster.seen.filter(one => one === PATH).length).toBe(2)
  })

  test('an address that is none stops nothing else', async () => {
    const folderOfPod = folder()
    writeFileSync(join(folderOfPod, 'token'), 'pod-token')
    const env = { KUBERNETES_SERVICE_HOST: 'no host', AGW_KUBERNETES_DIR: folderOfPod }
    const broken: unknown[] = []
    const note = (reason: unknown) => void broken.push(reason)
    process.on('unhandledRejection', note)
    const reference = { variable: 'A', kind: 'kubernetes', where: { name: 'keys', key: 'a' } } as const
    const watch = kubernetesSource.watch?.([reference], () => undefined, {
      env,
      configDir: '/',
      connections: {},
    })
    await new Promise(resolve => setTimeout(resolve, 100))
    process.off('unhandledRejection', note)
    watch?.[Symbol.dispose]()
    expect(broken).toEqual([])
  })

  test('a watch whose time is over goes on from where it was: a bookmark counts, and is no change', async () => {
    const cluster = await fakeKubernetes()
    cluster.put(PATH, { a: '1' })
    const { told } = await watching(cluster)
    await until(() => told() === 1)
    cluster.bookmark()
    const version = String(cluster.state.version)
    cluster.endWatches()
    await until(() => queries(cluster).length === 2)
    expect(queries(cluster).at(-1)?.get('resourceVersion')).toBe(version)
    expect(told()).toBe(1)
    await until(() => cluster.watches() === 1)
    cluster.put(PATH, { a: '2' })
    await until(() => told() === 2)
  })

  test.each<[string, (cluster: FakeKubernetes) => void]>([
    ['in its answer', cluster => cluster.endWatches()],
    ['in the middle', cluster => cluster.expire()],
  ])('a version that is gone, told %s: it begins anew, and what was missed is seen', async (_, end) => {
    const cluster = await fakeKubernetes()
    cluster.put(PATH, { a: '1' })
    const { told } = await watching(cluster)
    await until(() => told() === 1)
    cluster.state.version += 100
    cluster.compact()
    end(cluster)
    cluster.put(PATH, { a: '2' })
    await until(() => told() > 1 && cluster.watches() === 1)
    expect(queries(cluster).at(-1)?.has('resourceVersion')).toBe(false)
  })

  test('the token of the next watch is the one that is there by then', async () => {
    const cluster = await fakeKubernetes()
    cluster.put(PATH, { a: '1' })
    const { told, configDir } = await watching(cluster)
    await until(() => told() === 1)
    cluster.state.token = 'pod-token-2'
    writeFileSync(join(configDir, 'token'), 'pod-token-2')
    cluster.endWatches()
    await until(() => cluster.watches() === 1)
    cluster.put(PATH, { a: '2' })
    await until(() => told() === 2)
  })

  test('without the right to watch nothing is told, and it is taken up once it is given', async () => {
    const cluster = await fakeKubernetes()
    cluster.state.mayWatch = false
    cluster.put(PATH, { a: '1' })
    const { told } = await watching(cluster)
    await until(() => queries(cluster).length === 2)
    expect(told()).toBe(0)
    cluster.state.mayWatch = true
    await until(() => told() === 1)
  })

  test('disposed of, it leaves no connection', async () => {
    const cluster = await fakeKubernetes()
    const { close } = await watching(cluster)
    close()
    await until(() => cluster.watches() === 0)
    const asked = queries(cluster).length
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(queries(cluster).length).toBe(asked)
  })
})
