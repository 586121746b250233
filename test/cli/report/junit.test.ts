import { describe, expect, it } from 'vitest'
import { junitText } from '../../../src/cli/report/junit.ts'
import { GOOD } from '../../helpers/validate.ts'
import { checked, fileWith, finding, ROOT } from './checked.ts'
import { parseXml, type XmlElement } from './xml.ts'

const LAX = { root: ROOT, strict: false }
const suites = (text: string): readonly XmlElement[] => parseXml(text).children

describe('junitText', () => {
  it('is a suite for each file and a case for each finding', () => {
    const text = junitText([checked('ruotes: []\nbinds: 1\n', 'a.yaml'), checked(GOOD, 'conf/b.yaml')], LAX)
    const root = parseXml(text)
    expect(root).toMatchObject({
      name: 'testsuites',
      attributes: { tests: '3', failures: '2', skipped: '0' },
    })
    const [a, b] = root.children
    expect(a?.attributes).toMatchObject({ name: 'a.yaml', tests: '2', failures: '2', errors: '0' })
    expect(a?.children.map(one => one.attributes['name'])).toEqual(['UNKNOWN_KEY ruotes', 'WRONG_TYPE binds'])
    expect(a?.children[0]?.attributes).toMatchObject({ classname: 'a.yaml', file: 'a.yaml', line: '1' })
    expect(a?.children[0]?.children[0]).toMatchObject({ name: 'failure', attributes: { type: 'error' } })
    expect(b?.attributes).toMatchObject({ name: 'conf/b.yaml', tests: '1', failures: '0' })
    expect(b?.children).toMatchObject([{ attributes: { name: 'no findings' }, children: [] }])
  })

  it.each([
    ['error', false, 'failure'],
    ['error', true, 'failure'],
    ['warning', false, 'skipped'],
    ['warning', true, 'failure'],
    ['note', true, 'skipped'],
    ['unsupported-here', true, 'skipped'],
  ] as const)('a finding of severity %s (strict %s) is a %s', (severity, strict, outcome) => {
    const [suite] = suites(junitText([fileWith([finding('m', { severity })])], { root: ROOT, strict }))
    expect(suite?.children[0]?.children[0]?.name).toBe(outcome)
    const { failures, skipped } = suite?.attributes ?? {}
    expect([failures, skipped]).toEqual(outcome === 'failure' ? ['1', '0'] : ['0', '1'])
  })

  it('gives each case a name of its own that does not depend on its line', () => {
    const names = (lines: number[]): unknown =>
      suites(
        junitText([fileWith(lines.map(line => finding('m', { line, path: ['binds', 0] })))], LAX),
      )[0]?.children.map(one => one.attributes['name'])
    expect(names([1, 5])).toEqual(['UNKNOWN_KEY binds[0]', 'UNKNOWN_KEY binds[0] (2)'])
    expect(names([2, 9])).toEqual(names([1, 5]))
  })

  it.each([
    ['<b> & "c" \'d\' ]]>', '<b> & "c" \'d\' ]]>'],
    ['nul\0 bell\x07 esc\x1b[31m', 'nul\ufffd bell\ufffd esc\ufffd[31m'],
    ['tab\t line\n return\r', 'tab\t line\n return\r'],
    ['\ud800 alone \udc00', '\ufffd alone \ufffd'],
    ['\ufffe\uffff', '\ufffd\ufffd'],
    ['pair 😀', 'pair 😀'],
    ['<![CDATA[x]]><!-- -->&amp;', '<![CDATA[x]]><!-- -->&amp;'],
  ])('holds %j', (message, read) => {
    const text = junitText([fileWith([finding(message)])], LAX)
    expect(text).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f]/)
    expect(suites(text)[0]?.children[0]?.children[0]?.attributes['message']).toBe(read)
  })

  it('holds any file name', () => {
    const text = junitText([fileWith([finding('m')], 'a&b <"c">\n.yaml')], LAX)
    expect(suites(text)[0]?.attributes['name']).toBe('a&b <"c">\n.yaml')
  })
})
