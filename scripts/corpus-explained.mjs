/** Which differences docs/conformance.md explains: an explanation is of single flows, not of all that a capture holds. */
import { readFileSync } from 'node:fs'

const CONFORMANCE = new URL('../docs/conformance.md', import.meta.url)
const CAPTURE = /([0-9a-f]{8})\.pcap/
/** One end of a flow: `192.0.2.1:53`, `[2001:db8::1]:53`. */
const END = /\[[0-9a-f:.]+\]:\d+|\d+(?:\.\d+){3}:\d+/g

let items
/** The list items of the page, each with the ends of flows that it names. */
function itemsOf() {
  items ??= readFileSync(CONFORMANCE, 'utf8')
    .split(/\n(?=- |#|\n)/)
    .map((text) => ({ text, ends: new Set(text.match(END)) }))
  return items
}

/**
 * An item explains a difference where it names its capture, either end of its flow and, in backticks, each of `words`.
 * `ends` = "address port" of both ends.
 */
export function isExplained(path, ends, words = []) {
  const capture = CAPTURE.exec(path)?.[1]
  const named = ends.map(endOf)
  const wanted = [capture, ...words].map((word) => `\`${word}\``)
  return itemsOf().some(
    ({ text, ends: explained }) =>
      named.some((end) => explained.has(end)) && wanted.every((word) => text.includes(word)),
  )
}

function endOf(end) {
  const [address, port] = end.split(' ')
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
