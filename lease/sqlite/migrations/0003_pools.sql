-- Own-pool leases: where their work goes, and what was said to it there.

ALTER TABLE leases ADD COLUMN pool_urls TEXT; -- a JSON list; NULL: the house's own templates
ALTER TABLE leases ADD COLUMN pool_user TEXT;
ALTER TABLE leases ADD COLUMN pool_password TEXT;

-- Sums that are kept as the pools' verdicts come, of leases with a pool alone.
CREATE TABLE upstream (
	lease         TEXT NOT NULL REFERENCES leases (id),
	hour          INTEGER NOT NULL, -- hours since 1970 UTC
	sent          INTEGER NOT NULL, -- shares; those without a verdict are in this number alone
	accepted      INTEGER NOT NULL,
	rejected      INTEGER NOT NULL,
	stale         INTEGER NOT NULL,
	sent_work     BLOB NOT NULL,
	accepted_work BLOB NOT NULL,
	PRIMARY KEY (lease, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE upstream_totals (
	lease         TEXT PRIMARY KEY REFERENCES leases (id),
	sent          INTEGER NOT NULL,
	accepted      INTEGER NOT NULL,
	rejected      INTEGER NOT NULL,
	stale         INTEGER NOT NULL,
	sent_work     BLOB NOT NULL,
	accepted_work BLOB NOT NULL
) STRICT, WITHOUT ROWID;
