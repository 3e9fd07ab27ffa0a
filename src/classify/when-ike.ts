/** The words about IKE: each asks what the responder chose by its name, or by what the registry says of it. */
import { type IkeGroup, ikeAuthentication, ikeEncryption, ikeGroup, ikeHash } from '../registry/ike-transforms.ts'
import { answer, type Condition, UNSEEN } from './answer.ts'
import type { Evidence } from './evidence.ts'
import type { IkeTerms } from './terms.ts'
import { aBoolean, aNumber, compileWords, isOneOf, oneOf, texts, type Words } from './words.ts'

export const IKE_WORDS: Words<Evidence> = {
  ike_version: (value, where) => {
    const wanted = Number(oneOf(value, where, ['1', '2']))
    return ({ ike }) => (ike === null || ike.version === 0 ? UNSEEN : answer(ike.version === wanted))
  },
  ike_mode: (value, where) => isOneOf(({ ike }) => ike?.mode ?? null, [oneOf(value, where, ['main', 'aggressive'])]),
  ike_pre_shared_key: (value, where) => {
    const wanted = aBoolean(value, where)
    return ({ ike }) => {
      const method = ike?.authentication ?? null
      const known = method === null ? null : ikeAuthentication(method)
      return known === null ? UNSEEN : answer(known.preShared === wanted)
    }
  },
  ike_encryption: (value, where) => onTerms(compileWords(value, where, ENCRYPTION_WORDS)),
  ike_integrity: (value, where) =>
    onTerms(
      compileWords(
        value,
        where,
        hashWords((ike) => ike.integrity),
      ),
    ),
  ike_prf: (value, where) =>
    onTerms(
      compileWords(
        value,
        where,
        hashWords((ike) => ike.prf),
      ),
    ),
  ike_group: (value, where) => onTerms(compileWords(value, where, GROUP_WORDS)),
}

const onTerms =
  (condition: Condition<IkeTerms>): Condition<Evidence> =>
  ({ ike }) =>
    ike === null ? UNSEEN : condition(ike)

const encryptionOf = ({ encryption }: IkeTerms) => (encryption === null ? null : ikeEncryption(encryption))

const ENCRYPTION_WORDS: Words<IkeTerms> = {
  in: (value, where) => isOneOf(({ encryption }) => encryption, texts(value, where)),
  kind: (value, where) => isOneOf((ike) => encryptionOf(ike)?.kind ?? null, texts(value, where)),
  bits_lt: (value, where) => {
    const limit = aNumber(value, where)
    return (ike) => {
      const bits = encryptionOf(ike)?.bits || ike.keyBits
      return bits === 0 ? UNSEEN : answer(bits < limit)
    }
  },
  block_bits_lt: (value, where) => {
    const limit = aNumber(value, where)
    return (ike) => {
      const bits = encryptionOf(ike)?.blockBits ?? 0
      return bits === 0 ? UNSEEN : answer(bits < limit)
    }
  },
}

const hashWords = (pick: (ike: IkeTerms) => string | null): Words<IkeTerms> => ({
  in: (value, where) => isOneOf(pick, texts(value, where)),
  hash: (value, where) => isOneOf((ike) => ikeHash(pick(ike) ?? '')?.hash ?? null, texts(value, where)),
})

/** RFC 9370: of several key exchanges, joined by "+", the strongest holds. */
function strongestGroup({ group }: IkeTerms): IkeGroup | null {
  let strongest: IkeGroup | null = null
  for (const name of group?.split('+') ?? []) {
    const known = ikeGroup(name)
    if (known === null) return null
    if (strongest === null || known.postQuantum || known.securityBits > strongest.securityBits) strongest = known
  }
  return strongest
}

const byGroup =
  (holds: (group: IkeGroup) => boolean): Condition<IkeTerms> =>
  (ike) => {
    const group = strongestGroup(ike)
    return group === null ? UNSEEN : answer(holds(group))
  }

const GROUP_WORDS: Words<IkeTerms> = {
  in: (value, where) => isOneOf(({ group }) => group, texts(value, where)),
  kind: (value, where) => isOneOf((ike) => strongestGroup(ike)?.kind ?? null, texts(value, where)),
  bits_lt: (value, where) => {
    const limit = aNumber(value, where)
    return byGroup((group) => group.bits < limit)
  },
  security_bits_lt: (value, where) => {
    const limit = aNumber(value, where)
    return byGroup((group) => group.securityBits < limit)
  },
  post_quantum: (value, where) => {
    const wanted = aBoolean(value, where)
    return byGroup((group) => group.postQuantum === wanted)
  },
}
