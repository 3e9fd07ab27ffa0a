-- Findings, the worst first.
SELECT * EXCEPT (version, stored_at)
FROM findings FINAL
ORDER BY indexOf(['critical', 'high', 'medium', 'low', 'info'], severity), opened_at
LIMIT 10000
