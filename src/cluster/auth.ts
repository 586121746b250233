import type { KeySlot, Path } from '../config/index.ts'
import { isNode, isSet, pathKey, startsWith, textAt, valueAt } from '../config/rules/tree.ts'
import type { ManifestProvider } from '../kubernetes/index.ts'
import { locationWords } from './locations.ts'
import type { ExportScene } from './scene.ts'
import { unwritten } from './unwritten.ts'
import { isHeaderName } from './words.ts'

/** How a backend gets its key, and what it is called after. */
export type BackendKey = Pick<ManifestProvider, 'name' | 'auth' | 'slot' | 'location'>

const OTHER_WAY = 'this way to get a key is not written by this version'

/**
 * The key of a backend: what stands at the first of the places that says how, the strongest first, else its own (`params.apiKey`).
 * `named` is what it is called where no key slot says so. Throws {@link Unwritten}.
 */
export function backendKey(
  scene: ExportScene,
  places: readonly Path[],
  backend: Path,
  named: string | undefined,
): BackendKey {
  const { taken, slots } = scene
  const place = places.find(path => isSet(taken.look(...path)))
  if (place !== undefined) return keyAt(scene, place, named)
  const slot = slots.find(one => isOwn(one, backend))
  const name = slot?.name ?? named
  if (name === undefined) unwritten('how it gets its key is not written by this version')
  if (slot === undefined || slot.method === 'none') return { name, auth: 'none' }
  taken.takeKey(...slot.path)
  return { name, auth: 'secret', slot: name }
}

/** Not one of those that its guards call somebody with. */
function isOwn({ path, method }: KeySlot, backend: Path): boolean {
  if (method === 'none') return startsWith(path, backend)
  return pathKey(path) === pathKey([...backend, 'params', 'apiKey'])
}

function keyAt({ taken, slots }: ExportScene, place: Path, named: string | undefined): BackendKey {
  const inPlace = slots.filter(slot => startsWith(slot.path, place))
  const [slot] = inPlace
  const value = taken.look(...place)
  if (slot === undefined || inPlace.length > 1 || !isNode(value) || Object.keys(value).length !== 1)
    unwritten(OTHER_WAY)
  const isPassed = slot.method === 'passthrough'
  const given = valueAt(value, isPassed ? 'passthrough' : 'key')
  const isPlain = typeof given === 'string' || !isNode(given) || !isSet(given['location'])
  const location = isPlain ? undefined : locationWords(given['location'], { inserts: true })
  const header = textAt(location, 'header', 'name')
  if (header !== undefined && !isHeaderName(header)) unwritten(OTHER_WAY)
  taken.takeKey(...place)
  return {
    name: named ?? slot.name,
    auth: isPassed ? 'passthrough' : 'secret',
    slot: slot.name,
    ...(location !== undefined && { location }),
  }
}
