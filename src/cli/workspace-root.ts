import { isAbsolute, relative, resolve, sep } from 'node:path'

/** Variables in which a CI service says where it has checked the repository out. */
const WORKSPACES = ['GITHUB_WORKSPACE', 'CI_PROJECT_DIR']

/** The folder that CI services name files from: the checked-out repository around `cwd`, else `cwd` itself. */
export function workspaceRoot(cwd: string, env: Readonly<Record<string, string | undefined>>): string {
  for (const name of WORKSPACES) {
    const root = env[name]
    if (!root) continue
    const below = relative(resolve(root), cwd)
    if (below !== '..' && !below.startsWith(`..${sep}`) && !isAbsolute(below)) return resolve(root)
  }
  return cwd
}
