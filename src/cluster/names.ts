import type { KubernetesObject } from '../kubernetes/index.ts'

/** Names of objects: no two of a kind share one. */
export class Names {
  readonly #owners = new Map<string, string>()

  /** The object as it is where its name is free or its own already; else under a name of its own. */
  place(object: KubernetesObject): KubernetesObject {
    const { kind, metadata } = object
    const name = this.#free(kind, metadata.name, JSON.stringify(object))
    return name === metadata.name ? object : { ...object, metadata: { ...metadata, name } }
  }

  /** A name that is given once, for what others refer to before it is made. */
  once(kind: string, wanted: string): string {
    return this.#free(kind, wanted, `once ${this.#owners.size}`)
  }

  #free(kind: string, wanted: string, owner: string): string {
    for (let count = 1; ; count += 1) {
      const name = count === 1 ? wanted : `${wanted}-${count}`
      const before = this.#owners.get(`${kind}/${name}`)
      if (before !== undefined && before !== owner) continue
      this.#owners.set(`${kind}/${name}`, owner)
      return name
    }
  }
}
