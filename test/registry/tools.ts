import { execFileSync, spawnSync } from 'node:child_process'

export const hasTool = (name: string): boolean =>
  spawnSync(name, ['--version']).status === 0 || spawnSync(name, ['version']).status === 0

/** Value strings of tshark's fields: field name → code point → text. Where a field repeats a value, the first wins. */
export function tsharkValues(fields: readonly string[]): Map<string, Map<number, string>> {
  const text = execFileSync('tshark', ['-G', 'values'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const found = new Map(fields.map((field) => [field, new Map<number, string>()]))
  for (const line of text.split('\n')) {
    if (!line.startsWith('V\t')) continue
    const [, field = '', value, name] = line.split('\t')
    const known = found.get(field)
    if (known !== undefined && name !== undefined && !known.has(Number(value))) known.set(Number(value), name)
  }
  return found
}

export interface OpensslSuite {
  code: number
  name: string
  openssl: string
  kx: string
  auth: string
  enc: string
  mac: string
}

export function opensslSuites(): OpensslSuite[] {
  const text = execFileSync('openssl', ['ciphers', '-V', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'], {
    encoding: 'utf8',
  })
  return text.split('\n').flatMap((line) => {
    const found = /0x(..),0x(..) - (\S+)\s+- (\S+)\s+\S+\s+Kx=(\S+)\s+Au=(\S+)\s+Enc=(\S+)\s+Mac=(\S+)/.exec(line)
    if (found === null) return []
    const [, high = '', low = '', name = '', openssl = '', kx = '', auth = '', enc = '', mac = ''] = found
    return [{ code: Number.parseInt(high + low, 16), name, openssl, kx, auth, enc, mac }]
  })
}
