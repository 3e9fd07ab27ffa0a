/** A turn every so often, whoever asks: what bounds the rate of connections, however many endpoints are probed at once. */
export function pace(perSecond: number): () => Promise<void> {
  const gapMs = 1000 / perSecond
  let nextMs = 0
  return async () => {
    const nowMs = performance.now()
    const turnMs = Math.max(nextMs, nowMs)
    nextMs = turnMs + gapMs
    if (turnMs > nowMs) await new Promise((resolve) => setTimeout(resolve, turnMs - nowMs))
  }
}
