/** How the certificates of an identity follow one another, as the query certificate-lifecycle has it. */

export const AUTOMATIONS = ['likely', 'unlikely', 'unknown'] as const

/** A renewal, and how it came to the endpoints that showed the old certificate. Seconds; null = not all that many yet. */
export interface Rollout {
  readonly renewed_at: string
  readonly old: string
  readonly new: string
  /** Before the old one's end; negative after it. */
  readonly lead_s: number
  readonly near_miss: boolean
  readonly issuer_changed: boolean
  readonly endpoints: number
  readonly done: number
  /** They show the old one still. The others showed neither since. */
  readonly open: number
  readonly t50_s: number | null
  readonly t95_s: number | null
  readonly t100_s: number | null
}

export interface Deployment {
  readonly first_seen: string
  readonly last_seen: string
  readonly fingerprint_sha256: string
  readonly issuer: string | null
  readonly not_before: string | null
  readonly not_after: string | null
  readonly endpoints: number
  readonly authority: 'private' | 'public' | null
  /** Shown after its end; after it was revoked. */
  readonly expired: boolean
  readonly revoked: boolean
}

export interface Place {
  readonly server_ip: string
  readonly first_seen: string
  readonly last_seen: string
  readonly certificates: number
  readonly newest: string
  readonly expired: number
  readonly flapping: boolean
}

export interface Lifecycle {
  readonly identity: string
  readonly first_seen: string
  readonly last_seen: string
  readonly newest: string
  readonly newest_ends: string | null
  readonly certificates: number
  readonly endpoints: number
  readonly renewals: number
  readonly lead_s: number | null
  readonly t50_s: number | null
  readonly t95_s: number | null
  readonly t100_s: number | null
  readonly open: number
  readonly near_misses: number
  readonly expired: number
  readonly revoked: number
  readonly issuer_changes: number
  readonly flapping: boolean
  readonly automation: (typeof AUTOMATIONS)[number]
  readonly automation_by: 'import' | 'issuer' | 'rhythm' | null
  /** An inventory says it, or it is concluded. */
  readonly automation_provenance: 'imported' | 'inferred'
  readonly authority: 'private' | 'public' | null
  readonly rollouts: readonly Rollout[]
  readonly deployments: readonly Deployment[]
  readonly places: readonly Place[]
}

/** A row of the query: with what pages go by. */
export interface LifecycleRow extends Omit<Lifecycle, 'automation_provenance'> {
  readonly identity_id: string
  readonly end_s: number
}

export const lifecycleOf = ({ identity_id: _, end_s: __, ...row }: LifecycleRow): Lifecycle => ({
  ...row,
  automation_provenance: row.automation_by === 'import' ? 'imported' : 'inferred',
})
