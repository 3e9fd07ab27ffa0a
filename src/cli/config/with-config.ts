/** A command's options with what the file and the environment say where the command line says nothing. */
import type { CaptureOptions } from '../capture-options.ts'
import type { ServeOptions } from '../serve-options.ts'
import { type Environment, nameOf, readConfig, STORE_NAMES, sectionOf, type Told } from './read-config.ts'

type IsGiven = (name: string) => boolean

/** Of capture, and of doctor, which looks at the same. @throws OperatorError ERR_USAGE */
export const withConfig = <T extends Partial<CaptureOptions>>(
  options: T,
  file: string | null,
  isGiven: IsGiven,
  environment: Environment = process.env,
): T =>
  applied(
    options,
    readConfig(file, environment).filter(({ setting }) => sectionOf(setting) === ''),
    isGiven,
  )

/** Where serve has no store of its own, it answers from the capture's. @throws OperatorError ERR_USAGE */
export function withServeConfig(
  options: ServeOptions,
  file: string | null,
  isGiven: IsGiven,
  environment: Environment = process.env,
): ServeOptions {
  const told = readConfig(file, environment)
  const own = told.filter(({ setting }) => sectionOf(setting) === 'serve')
  const hasStore = own.some(({ setting }) => STORE_NAMES.includes(nameOf(setting)))
  const shared = told.filter(
    ({ setting }) => sectionOf(setting) === '' && (nameOf(setting) === 'data' || nameOf(setting) === 'clickhouse'),
  )
  return applied(options, hasStore ? own : [...own, ...shared], isGiven)
}

function applied<T extends object>(options: T, told: readonly Told[], isGiven: IsGiven): T {
  const isStoreGiven = STORE_NAMES.some(isGiven)
  const values = told
    .filter(({ setting }) => !(isStoreGiven && STORE_NAMES.includes(nameOf(setting))))
    .map(({ setting, value }) => [optionName(nameOf(setting)), value] as const)
    .filter(([name]) => !isGiven(name))
  return { ...options, ...Object.fromEntries(values) }
}

/** As commander names the option's value. */
const optionName = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
