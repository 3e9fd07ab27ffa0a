import type { UsageFacts } from '../wire/x509-usage.ts'
import { validationOf } from '../wire/x509-validation.ts'

/** What a certificate may be used for, and where its revocation is told, in the members that people and programs are shown. */
export const usageOf = ({ pathLength, keyUsage, purposes, timestamps, policies, ...usage }: UsageFacts) => ({
  other_alt_names: [
    ...usage.mailboxes.map((mailbox) => `email:${mailbox}`),
    ...usage.uris.map((uri) => `uri:${uri}`),
    ...usage.otherNames,
  ],
  path_length: pathLength,
  key_usage: keyUsage,
  purposes,
  sct_count: timestamps,
  policies,
  validation: validationOf(policies),
  must_staple: usage.mustStaple,
  ocsp_addresses: usage.ocspAddresses,
  crl_addresses: usage.crlAddresses,
})
