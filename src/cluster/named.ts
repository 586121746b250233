import { formatPath, type Path } from '../config/index.ts'
import { nodesAt, textAt } from '../config/rules/tree.ts'
import { type KubernetesObject, toDnsName } from '../kubernetes/index.ts'
import { type ExportedBackend, exportedBackend } from './backends.ts'
import type { ExportScene } from './scene.ts'
import { unwritten } from './unwritten.ts'

/** The backends that stand apart, for routes to refer to by name. */
export class NamedBackends {
  readonly #scene: ExportScene
  readonly #places = new Map<string, Path>()
  readonly #made = new Map<string, KubernetesObject[]>()

  constructor(scene: ExportScene) {
    this.#scene = scene
    for (const [backend, index] of nodesAt({ backends: scene.taken.look('backends') }, 'backends')) {
      const name = textAt(backend, 'name')
      if (name !== undefined) this.#places.set(name, ['backends', index])
    }
  }

  isReference(path: Path): boolean {
    return this.#nameAt(path) !== undefined
  }

  /** What a reference leads to. `levels` are the policies around it, which are stronger than those of the backend itself. */
  referredTo(path: Path, levels: readonly Path[]): ExportedBackend {
    const { taken } = this.#scene
    const name = this.#nameAt(path) ?? ''
    const place = this.#places.get(name)
    if (place === undefined) unwritten('it leads to a backend that is nowhere')
    taken.take(...path, 'backend')
    taken.take(...place, 'name')
    const made = exportedBackend(this.#scene, place, [...levels, [...place, 'policies']], toDnsName(name))
    const key = formatPath(place)
    this.#made.set(key, [...(this.#made.get(key) ?? []), made.object])
    return made
  }

  /** Leaves those over that are not among the objects: no route leads to them, or only such as are left over. */
  leaveUnused(written: readonly KubernetesObject[]): void {
    for (const place of this.#places.values())
      if (!this.#made.get(formatPath(place))?.some(object => written.includes(object)))
        this.#scene.taken.leave(place, 'no route that is written leads to it')
  }

  /** agentgateway takes `/name`, and `name` loads. */
  #nameAt(path: Path): string | undefined {
    return textAt(this.#scene.taken.look(...path), 'backend')?.replace(/^\//, '')
  }
}
