import { OperatorError } from '../core/errors.ts'

const FIX = 'write --vpc NAME=VNI[,VNI…], as --vpc prod=4711,4712'
const MAX_VNI = 0xff_ffff

/** Names of mirrored networks by VNI, of the words behind --vpc. @throws OperatorError ERR_USAGE */
export function parseVpcs(words: readonly string[]): Map<number, string> {
  const spaces = new Map<number, string>()
  for (const word of words) {
    const [, name, list] = /^([^=]+)=([\d,]+)$/.exec(word) ?? []
    if (name === undefined || list === undefined) throw new OperatorError('ERR_USAGE', `"${word}" is not a VPC`, FIX)
    for (const text of list.split(',')) {
      const vni = Number(text)
      if (text === '' || vni > MAX_VNI) throw new OperatorError('ERR_USAGE', `"${text}" of "${word}" is not a VNI`, FIX)
      const known = spaces.get(vni)
      if (known !== undefined && known !== name) {
        throw new OperatorError('ERR_USAGE', `VNI ${vni} is in ${known} and in ${name}`, 'name each VNI once')
      }
      spaces.set(vni, name)
    }
  }
  return spaces
}
