-- What became of a batch: its outcomes, or NULL if it was not committed and never will be.
INSERT INTO holdfast_commits AS c (committer, batch) VALUES ($1, $2)
    ON CONFLICT (committer, batch) DO UPDATE SET entered_at = c.entered_at
RETURNING outcomes, expiries, reasons, waits, decided_at
