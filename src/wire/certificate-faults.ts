/** Why a certificate could not be read in full. Closed, so that stored certificates can be counted by it. */
export type CertificateFault =
  | 'bad_length' // a length points outside its container, or is not in its shortest form
  | 'indefinite_length' // BER's "until the end marker", which DER forbids (X.690 §10.1)
  | 'bad_tag' // another type than the grammar wants here
  | 'missing_field' // the container ends before a field it must hold
  | 'trailing_bytes' // bytes are left over after the last field
  | 'bad_oid'
  | 'bad_integer' // empty, padded, or negative where only a size makes sense
  | 'bad_boolean' // neither 0x00 nor 0xff (X.690 §11.1)
  | 'bad_bit_string'
  | 'bad_time' // not the one form RFC 5280 §4.1.2.5 allows, or no such day
  | 'bad_version'
  | 'bad_string' // bytes that its string type cannot hold
  | 'embedded_nul' // a name with a NUL inside, which other software may read as its end
  | 'bad_name'
  | 'bad_address' // an iPAddress of neither four nor sixteen octets
  | 'bad_key'
  | 'bad_algorithm' // parameters that do not belong to the algorithm
  | 'signature_mismatch' // the signed and the unsigned signature algorithm differ (RFC 5280 §4.1.1.2)
  | 'duplicate_extension'
  | 'too_large' // beyond one of our named caps
  | 'too_many_names'
  | 'too_many_extensions'

/** Keeps the first fault: the later ones are mostly its consequences. */
export class CertificateFaults {
  first: CertificateFault | null = null

  note(fault: CertificateFault): void {
    this.first ??= fault
  }
}
