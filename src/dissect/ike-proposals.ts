/** Proposals of IKE by the names of IANA's registries: what was chosen, fact by fact, and what was offered, as text. */
import type { IkeFacts } from '../core/facts.ts'
import { type IkeUse, ikeName } from '../registry/ike-transforms.ts'
import { IkeAttribute, type IkeTransform, IkeTransformType } from '../wire/ike.ts'

const USES_V2: ReadonlyMap<number, IkeUse> = new Map([
  [IkeTransformType.ENCRYPTION, 'encryption'],
  [IkeTransformType.PRF, 'prf'],
  [IkeTransformType.INTEGRITY, 'integrity'],
  [IkeTransformType.GROUP, 'group'],
])

const USES_V1: ReadonlyMap<number, IkeUse> = new Map([
  [IkeAttribute.ENCRYPTION, 'encryption_v1'],
  [IkeAttribute.HASH, 'hash_v1'],
  [IkeAttribute.AUTHENTICATION, 'authentication_v1'],
  [IkeAttribute.GROUP, 'group'],
])

export function noteChoice(told: IkeFacts, chosen: readonly IkeTransform[]): void {
  for (const transform of chosen) {
    if (told.version === 2) noteTransform(told, transform)
    else noteAttribute(told, transform)
  }
}

/** Each proposal with its transforms in the order sent: "ENCR_AES_CBC 256/PRF_HMAC_SHA2_256/…/+ml-kem-768". */
export const proposalTexts = (version: number, proposals: readonly (readonly IkeTransform[])[]): string[] =>
  proposals.map((transforms) => proposalText(version, transforms)).filter((text) => text !== '')

function proposalText(version: number, transforms: readonly IkeTransform[]): string {
  const names: string[] = []
  for (const { type, id, keyBits } of transforms) {
    const use = (version === 2 ? USES_V2 : USES_V1).get(type)
    if (use !== undefined) names.push(keyBits > 0 ? `${kindAndName(use, id)} ${keyBits}` : kindAndName(use, id))
    else if (version === 2 && isFurtherGroup(type)) names.push(`+${id === 0 ? 'NONE' : kindAndName('group', id)}`)
  }
  return names.join('/')
}

/** A number that stands alone would not say what it is the number of. */
function kindAndName(use: IkeUse, id: number): string {
  const name = ikeName(use, id)
  return name === String(id) ? `${use.replace('_v1', '')} ${id}` : name
}

function noteTransform(told: IkeFacts, { type, id, keyBits }: IkeTransform): void {
  switch (type) {
    case IkeTransformType.ENCRYPTION:
      told.encryption = ikeName('encryption', id)
      told.keyBits = keyBits
      return
    case IkeTransformType.PRF:
      told.prf = ikeName('prf', id)
      return
    case IkeTransformType.INTEGRITY:
      told.integrity = ikeName('integrity', id)
      return
    case IkeTransformType.GROUP:
      told.group = ikeName('group', id)
      return
    default:
      if (!isFurtherGroup(type) || id === 0) return
      told.group = told.group === null ? ikeName('group', id) : `${told.group}+${ikeName('group', id)}`
  }
}

/** RFC 9370 §2.2.2: further key exchanges, whose number 0 is none. */
const isFurtherGroup = (type: number): boolean =>
  type >= IkeTransformType.FIRST_ADDED && type <= IkeTransformType.LAST_ADDED

function noteAttribute(told: IkeFacts, { type, id, keyBits }: IkeTransform): void {
  switch (type) {
    case IkeAttribute.ENCRYPTION:
      told.encryption = ikeName('encryption_v1', id)
      told.keyBits = keyBits
      return
    case IkeAttribute.HASH:
      told.integrity = ikeName('hash_v1', id)
      return
    case IkeAttribute.AUTHENTICATION:
      told.authentication = ikeName('authentication_v1', id)
      return
    case IkeAttribute.GROUP:
      told.group = ikeName('group', id)
  }
}
