import {
  chmodSync,
  existsSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/**
 * A mounted Secret as the kubelet writes it, step by step: a new `..<time>` folder, its files, the new `..data` link
 * renamed over the old one, then the old folder is removed. The links that users see are made once.
 */
export function kubernetesVolume(folder: string): { write(files: Readonly<Record<string, string>>): void } {
  let count = 0
  return {
    write(files) {
      count += 1
      const name = `..2026_11_23_16_18_${String(count).padStart(2, '0')}.${1_000_000_000 + count}`
      mkdirSync(join(folder, name), { mode: 0o700 })
      chmodSync(join(folder, name), 0o755)
      for (const [key, content] of Object.entries(files)) {
        writeFileSync(join(folder, name, key), content)
        chmodSync(join(folder, name, key), 0o400)
      }
      const data = join(folder, '..data')
      const old = existsSync(data) ? readlinkSync(data) : undefined
      symlinkSync(name, join(folder, '..data_tmp'))
      renameSync(join(folder, '..data_tmp'), data)
      for (const key of Object.keys(files)) {
        if (!existsSync(join(folder, key))) symlinkSync(join('..data', key), join(folder, key))
      }
      if (old !== undefined) rmSync(join(folder, old), { recursive: true })
    },
  }
}
