import { describe, expect, it } from 'vitest'
import { namedAs, namingConfig } from '../../src/cli/named-config.ts'

const takesFile = ([first = '']: readonly string[]): boolean => first !== 'explain'

describe('commands in a message name the config', () => {
  it.each([
    ['see `agw validate`', 'bad.yaml', 'see `agw validate --file bad.yaml`'],
    [
      '`agw keys set a`, or `agw doctor`',
      'b.yaml',
      '`agw keys set a --file b.yaml`, or `agw doctor --file b.yaml`',
    ],
    ['`agw keys set a`', 'my deploy/config.yaml', "`agw keys set a --file 'my deploy/config.yaml'`"],
    ['`agw run -- COMMAND`', 'b.yaml', '`agw run --file b.yaml -- COMMAND`'],
    ['`agw explain CODE`', 'b.yaml', '`agw explain CODE`'],
    ['`agw serve --file a.yaml`', 'b.yaml', '`agw serve --file a.yaml`'],
    ['`chmod 600 x`; agw serve', 'b.yaml', '`chmod 600 x`; agw serve'],
    ['see `agw validate`', undefined, 'see `agw validate`'],
  ])('%s, of %s', (text, config, said) => expect(namingConfig(text, config, takesFile)).toBe(said))
})

describe('the name of a config', () => {
  it.each([
    [undefined, {}, undefined],
    ['config.yaml', {}, undefined],
    ['/project/config.yaml', {}, undefined],
    ['deploy/config.yaml', {}, 'deploy/config.yaml'],
    ['config.yaml', { AGW_CONFIG: 'other.yaml' }, 'config.yaml'],
    ['other.yaml', { AGW_CONFIG: 'other.yaml' }, undefined],
    ['-', {}, 'PATH'],
  ])('%s, with %j', (file, env, name) => expect(namedAs(file, { cwd: '/project', env })).toBe(name))
})
