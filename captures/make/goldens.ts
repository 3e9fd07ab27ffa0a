/**
 * Writes each capture's golden `.json`: `npx tsx captures/make/goldens.ts [name...]`. Look at the difference before it is
 * committed: a golden says what is right, not what the code happens to do. test/captures.test.ts holds it to tshark.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { goldenOf } from './records.ts'

const CAPTURES = join(import.meta.dirname, '..')
const wanted = process.argv.slice(2)

for (const name of readdirSync(CAPTURES).sort()) {
  if (!/\.pcap(ng)?(\.(gz|zst))?$/.test(name)) continue
  if (wanted.length > 0 && !wanted.some((start) => name.startsWith(start))) continue
  writeFileSync(join(CAPTURES, `${name}.json`), `${JSON.stringify(await goldenOf(join(CAPTURES, name)), null, 2)}\n`)
  console.log(name)
}
