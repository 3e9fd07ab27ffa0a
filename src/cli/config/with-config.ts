/** A command's options with what the file and the environment say where the command line says nothing. */
import type { OperatorError } from '../../core/errors.ts'
import { throwAll } from '../../core/mistakes.ts'
import type { CaptureOptions } from '../capture-options.ts'
import type { ServeOptions } from '../serve-options.ts'
import { mistakesBeyondType } from './checks.ts'
import {
  type Config,
  type Environment,
  lookAtConfig,
  nameOf,
  STORE_NAMES,
  sectionOf,
  type Told,
} from './read-config.ts'

type IsGiven = (name: string) => boolean

export interface Looked<T> {
  /** Without those that are wrong. */
  readonly options: T
  /** Of the whole file and environment; beyond their type of what is in force here. */
  readonly mistakes: readonly OperatorError[]
}

/** Of capture, and of doctor, which looks at the same. @throws OperatorError ERR_USAGE for what is of a wrong type */
export function withConfig<T extends Partial<CaptureOptions>>(
  options: T,
  file: string | null,
  isGiven: IsGiven,
  environment: Environment = process.env,
): T {
  const config = lookAtConfig(file, environment)
  throwAll(config.mistakes)
  return applied(options, ofCapture(config), isGiven).options
}

/** @throws OperatorError ERR_USAGE where the file cannot be read */
export const lookAtCapture = <T extends Partial<CaptureOptions>>(
  options: T,
  file: string | null,
  isGiven: IsGiven,
): Looked<T> => looked(options, lookAtConfig(file, process.env), ofCapture, isGiven)

/** Where serve has no store of its own, it answers from the capture's. @throws OperatorError ERR_USAGE where the file cannot be read */
export const lookAtServe = (
  options: ServeOptions,
  file: string | null,
  isGiven: IsGiven,
  environment: Environment = process.env,
): Looked<ServeOptions> => looked(options, lookAtConfig(file, environment), ofServe, isGiven)

const ofCapture = ({ told }: Config): Told[] => told.filter(({ setting }) => sectionOf(setting) === '')

function ofServe({ told }: Config): Told[] {
  const own = told.filter(({ setting }) => sectionOf(setting) === 'serve')
  const hasStore = own.some(({ setting }) => STORE_NAMES.includes(nameOf(setting)))
  const shared = told.filter(
    ({ setting }) => sectionOf(setting) === '' && (nameOf(setting) === 'data' || nameOf(setting) === 'clickhouse'),
  )
  return hasStore ? own : [...own, ...shared]
}

function looked<T extends object>(
  options: T,
  config: Config,
  section: (config: Config) => Told[],
  isGiven: IsGiven,
): Looked<T> {
  const { options: inForce, told } = applied(options, section(config), isGiven)
  return { options: inForce, mistakes: [...config.mistakes, ...mistakesBeyondType(told)] }
}

function applied<T extends object>(options: T, told: readonly Told[], isGiven: IsGiven): { options: T; told: Told[] } {
  const isStoreGiven = STORE_NAMES.some(isGiven)
  const left = told.filter(({ setting }) => {
    const isElsewhere = isStoreGiven && STORE_NAMES.includes(nameOf(setting))
    return !isElsewhere && !isGiven(optionName(nameOf(setting)))
  })
  const values = left.map(({ setting, value }) => [optionName(nameOf(setting)), value] as const)
  return { options: { ...options, ...Object.fromEntries(values) }, told: left }
}

/** As commander names the option's value. */
const optionName = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
