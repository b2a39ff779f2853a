-- The machines that may log in at the Stratum server. A rig's name is the
-- source of its receipts, so the row of a removed rig stays.

CREATE TABLE rigs (
	name        TEXT PRIMARY KEY,
	tenant      TEXT REFERENCES tenants (id), -- NULL: the house's
	token_salt  BLOB NOT NULL,
	token_sum   BLOB NOT NULL,
	created_ms  INTEGER NOT NULL,
	disabled_ms INTEGER NOT NULL,
	removed_ms  INTEGER NOT NULL,
	note        TEXT NOT NULL,
	rated_hps   INTEGER NOT NULL,
	rated_mj_th INTEGER NOT NULL -- millijoules per terahash
) STRICT;

ALTER TABLE node ADD COLUMN rigs_version INTEGER NOT NULL DEFAULT 0; -- counts the changes of rigs

CREATE TRIGGER rig_added AFTER INSERT ON rigs BEGIN
	UPDATE node SET rigs_version = rigs_version + 1;
END;
CREATE TRIGGER rig_changed AFTER UPDATE ON rigs BEGIN
	UPDATE node SET rigs_version = rigs_version + 1;
END;
CREATE TRIGGER rigs_last BEFORE DELETE ON rigs BEGIN SELECT RAISE(ABORT, 'rigs are never deleted'); END;

-- Sums that are kept as receipts and verdicts come, of rigs alone.
CREATE TABLE rig_totals (
	rig     TEXT NOT NULL REFERENCES rigs (name),
	work    BLOB NOT NULL,
	n       INTEGER NOT NULL,
	last_ms INTEGER NOT NULL,
	PRIMARY KEY (rig, work)
) STRICT, WITHOUT ROWID;

-- In the order of time, so that what is written at once lies together.
CREATE TABLE rig_slots (
	slot INTEGER NOT NULL, -- of ten minutes since 1970 UTC
	rig  TEXT NOT NULL REFERENCES rigs (name),
	work BLOB NOT NULL,
	n    INTEGER NOT NULL,
	PRIMARY KEY (slot, rig, work)
) STRICT, WITHOUT ROWID;

CREATE TABLE rig_verdicts (
	rig     TEXT NOT NULL REFERENCES rigs (name),
	reason  TEXT NOT NULL,
	n       INTEGER NOT NULL,
	last_ms INTEGER NOT NULL,
	PRIMARY KEY (rig, reason)
) STRICT, WITHOUT ROWID;
