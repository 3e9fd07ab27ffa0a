import { addressWords, isInRange } from '../core/address.ts'
import type { Selector } from './config.ts'
import type { Flow } from './flow.ts'
import { parseRange } from './zones.ts'

/** Does the selector mean this flow? @throws OperatorError ERR_USAGE when a range is none */
export function compileSelector(selector: Selector): (flow: Flow) => boolean {
  const tests: ((flow: Flow) => boolean)[] = []
  const { servers, clients, ports, names, sensors } = selector
  if (servers !== undefined) {
    const isOne = addressTest(servers)
    tests.push(({ serverIp }) => isOne(serverIp))
  }
  if (clients !== undefined) {
    const isOne = addressTest(clients)
    tests.push(({ clientIp }) => isOne(clientIp))
  }
  if (ports !== undefined) tests.push(({ serverPort }) => ports.includes(serverPort))
  if (names !== undefined) {
    const wanted = names.map((name) => name.toLowerCase())
    tests.push(({ serverName }) => serverName !== null && isNamed(serverName.toLowerCase(), wanted))
  }
  if (sensors !== undefined) tests.push(({ sensor }) => sensors.includes(sensor))
  return (flow) => tests.every((test) => test(flow))
}

/** Does it mean an interval of this sensor, which has no server, client, port or name? */
export function meansSensor({ sensors, ...others }: Selector, sensor: string): boolean {
  const isOfFlows = Object.values(others).some((words) => words !== undefined)
  return !isOfFlows && (sensors === undefined || sensors.includes(sensor))
}

/** Is an address in one of the ranges? @throws OperatorError ERR_USAGE when a range is none */
export function addressTest(texts: readonly string[]): (address: string) => boolean {
  const ranges = texts.map(parseRange)
  return (address) => {
    const words = addressWords(address)
    return words !== null && ranges.some((range) => isInRange(range, ...words))
  }
}

const isNamed = (name: string, wanted: readonly string[]): boolean =>
  wanted.some((one) => (one.startsWith('*.') ? name.endsWith(one.slice(1)) : name === one))
