import { createRequire } from 'node:module'
import type { CountryCode } from 'libphonenumber-js/max'
import type { Path } from '../../config/diagnostic.ts'
import { invalid } from '../compile/invalid.ts'
import type { Finder } from './finder.ts'

const PACKAGE = 'libphonenumber-js'
const MASK = '<PHONE_NUMBER>'

/** Looks like a number, as agentgateway sees it; the plans of these countries decide. */
const CANDIDATE = /(?<![0-9])[+()]?[0-9][0-9\s().-]{6,30}/g
const COUNTRIES: readonly CountryCode[] = ['US', 'GB', 'DE', 'IL', 'IN', 'CA', 'BR']

/** What looks like a number is looked up at most so often in one turn: each time takes a tenth of a millisecond. */
const MOST_LOOKED_UP = 1000

/** Telephone numbers; where there are too many to be looked up, all that look like one. The plans come with a package of some megabytes, which those install who look for numbers. */
export function phoneNumbers(path: Path): Finder {
  const { parsePhoneNumberFromString } = load(path)
  let lookedUp = 0
  const startAnew = (): void => {
    lookedUp = 0
  }
  const isNumber = (found: string): boolean => {
    if (lookedUp++ === 0) setImmediate(startAnew)
    if (lookedUp > MOST_LOOKED_UP) return true
    return COUNTRIES.some(country => parsePhoneNumberFromString(found, country)?.isValid() === true)
  }
  return {
    finds: text => text.match(CANDIDATE)?.some(isNumber) ?? false,
    mask: text => text.replace(CANDIDATE, found => (isNumber(found) ? MASK : found)),
  }
}

function load(path: Path): typeof import('libphonenumber-js/max') {
  try {
    return createRequire(import.meta.url)(`${PACKAGE}/max`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    throw invalid(
      path,
      'phone numbers need a package that is not installed',
      `install it beside agw: npm install ${PACKAGE} (with -g where agw is installed so)`,
    )
  }
}
