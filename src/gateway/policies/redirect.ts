import { compileAuthority } from '../compile/authority.ts'
import { compilePath } from '../compile/rewrite.ts'
import type { Answer } from '../failures.ts'
import type { PolicyKind } from './policy.ts'

/** Answers with another address. */
export const requestRedirect: PolicyKind<'requestRedirect'> = {
  name: 'requestRedirect',
  compile([{ value, path }]) {
    const scheme = value.scheme ?? undefined
    const authority = compileAuthority(value.authority, {
      scheme,
      keepsPort: scheme !== 'http' && scheme !== 'https',
    })
    const pathOf = compilePath(value.path)
    const status = value.status ?? 302
    return {
      name: 'requestRedirect',
      path,
      run(exchange): Answer {
        const target = pathOf === undefined ? exchange.path : pathOf(exchange.path, exchange.match)
        if (typeof target !== 'string') return target
        const query = exchange.query === '' ? '' : `?${exchange.query}`
        const location = `${scheme ?? exchange.scheme}://${authority(exchange)}${target}${query}`
        return { status, headers: ['location', location], body: '', reason: 'DirectResponse' }
      },
    }
  },
}
