-- What a contract comes to: changes of tenants and leases, metered hours and
-- their settlement, what the SLA leaves out, payouts, and events.

ALTER TABLE tenants ADD COLUMN next TEXT NOT NULL DEFAULT '';
ALTER TABLE tenants ADD COLUMN next_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN orders INTEGER NOT NULL DEFAULT 0;

ALTER TABLE leases ADD COLUMN rigs TEXT NOT NULL DEFAULT '[]'; -- a JSON list of names
ALTER TABLE leases ADD COLUMN cores TEXT NOT NULL DEFAULT '[]'; -- a JSON list of numbers
ALTER TABLE leases ADD COLUMN orders INTEGER NOT NULL DEFAULT 0;

CREATE TABLE lease_pauses (
	lease   TEXT NOT NULL REFERENCES leases (id),
	num     INTEGER NOT NULL, -- from 0
	by      TEXT NOT NULL,
	from_ms INTEGER NOT NULL,
	to_ms   INTEGER NOT NULL, -- 0: it lasts
	PRIMARY KEY (lease, num)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER pause_added AFTER INSERT ON lease_pauses BEGIN
	UPDATE node SET leases_version = leases_version + 1;
END;
CREATE TRIGGER pause_ended AFTER UPDATE ON lease_pauses BEGIN
	UPDATE node SET leases_version = leases_version + 1;
END;

-- What a job pays by the share; both NULL: its blocks are shared.
ALTER TABLE jobs ADD COLUMN earns_network BLOB;
ALTER TABLE jobs ADD COLUMN earns_sat INTEGER;

-- Where the receipts of a job lie; much quicker to keep than an index of all.
CREATE TABLE job_receipts (
	job       INTEGER PRIMARY KEY REFERENCES jobs (seq),
	first_seq INTEGER NOT NULL,
	last_seq  INTEGER NOT NULL
) STRICT;
INSERT INTO job_receipts SELECT job, min(seq), max(seq) FROM receipts GROUP BY job;
DROP INDEX receipts_by_job;

-- When the node ran last, and the last hour settled; times never go back
-- behind either.
ALTER TABLE node ADD COLUMN heartbeat_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE node ADD COLUMN settled_hour INTEGER NOT NULL DEFAULT 0; -- 0: none
UPDATE node SET heartbeat_ms = (SELECT coalesce(max(last_ms), 0) FROM runs);

-- Hours since 1970 UTC, in the order of time, so that what is written at once
-- lies together.
CREATE TABLE hour_receipts (
	hour   INTEGER NOT NULL,
	lease  TEXT NOT NULL,
	source TEXT NOT NULL,
	work   BLOB NOT NULL,
	n      INTEGER NOT NULL,
	PRIMARY KEY (hour, lease, source, work)
) STRICT, WITHOUT ROWID;
-- Receipts come nearly in that order: no need to sort them all in memory.
INSERT INTO hour_receipts SELECT commit_ms / 3600000, lease, source, work, 1 FROM receipts WHERE true ORDER BY seq
	ON CONFLICT DO UPDATE SET n = n + 1;

CREATE TABLE hour_counts (
	hour   INTEGER NOT NULL,
	lease  TEXT NOT NULL,
	source TEXT NOT NULL,
	hashes BLOB NOT NULL,
	PRIMARY KEY (hour, lease, source)
) STRICT, WITHOUT ROWID;
INSERT INTO hour_counts SELECT hour, lease, source, hashes FROM counts ORDER BY 1, 2, 3;
DROP TABLE counts;

CREATE TABLE hour_verdicts (
	hour   INTEGER NOT NULL,
	lease  TEXT NOT NULL,
	source TEXT NOT NULL,
	reason TEXT NOT NULL,
	n      INTEGER NOT NULL,
	PRIMARY KEY (hour, lease, source, reason)
) STRICT, WITHOUT ROWID;
INSERT INTO hour_verdicts SELECT hour, lease, source, reason, n FROM verdicts ORDER BY 1, 2, 3, 4;
DROP TABLE verdicts;

CREATE TABLE hour_upstream (
	hour          INTEGER NOT NULL,
	lease         TEXT NOT NULL REFERENCES leases (id),
	sent          INTEGER NOT NULL, -- shares; those without a verdict are in this number alone
	accepted      INTEGER NOT NULL,
	rejected      INTEGER NOT NULL,
	stale         INTEGER NOT NULL,
	sent_work     BLOB NOT NULL,
	accepted_work BLOB NOT NULL,
	PRIMARY KEY (hour, lease)
) STRICT, WITHOUT ROWID;
INSERT INTO hour_upstream SELECT hour, lease, sent, accepted, rejected, stale, sent_work, accepted_work FROM upstream ORDER BY 1, 2;
DROP TABLE upstream;

-- The receipts of jobs that pay by the share.
CREATE TABLE hour_earnings (
	hour    INTEGER NOT NULL,
	lease   TEXT NOT NULL,
	network BLOB NOT NULL,
	sat     INTEGER NOT NULL,
	work    BLOB NOT NULL,
	n       INTEGER NOT NULL,
	PRIMARY KEY (hour, lease, network, sat, work)
) STRICT, WITHOUT ROWID;

CREATE TABLE settled_hours (
	hour        INTEGER NOT NULL,
	lease       TEXT NOT NULL,
	owed_ms     INTEGER NOT NULL,
	excluded_ms INTEGER NOT NULL,
	running_ms  INTEGER NOT NULL,
	contracted  BLOB NOT NULL,
	counted     BLOB NOT NULL,
	proven      BLOB NOT NULL,
	receipts    INTEGER NOT NULL,
	billable    BLOB NOT NULL,
	upper       BLOB NOT NULL,
	kind        TEXT NOT NULL,
	due_sat     INTEGER NOT NULL,
	charged_sat INTEGER NOT NULL,
	earned_sat  INTEGER NOT NULL,
	PRIMARY KEY (hour, lease)
) STRICT, WITHOUT ROWID;

-- What the next settlement goes on from.
CREATE TABLE settled_states (
	lease TEXT PRIMARY KEY,
	state BLOB NOT NULL -- canonical JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE exclusions (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	lease        TEXT REFERENCES leases (id), -- NULL: all
	kind         TEXT NOT NULL,
	announced_ms INTEGER NOT NULL,
	from_ms      INTEGER NOT NULL,
	to_ms        INTEGER NOT NULL, -- 0: it lasts
	evidence     TEXT NOT NULL
) STRICT;
CREATE INDEX exclusions_by_end ON exclusions (to_ms);

CREATE TABLE payouts (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	state      TEXT NOT NULL,
	created_ms INTEGER NOT NULL,
	items      TEXT NOT NULL, -- a JSON list
	txid       TEXT NOT NULL UNIQUE,
	raw        BLOB NOT NULL,
	fee_sat    INTEGER NOT NULL,
	inputs     TEXT NOT NULL, -- a JSON list
	height     INTEGER NOT NULL,
	reason     TEXT NOT NULL,
	replaces   INTEGER REFERENCES payouts (id)
) STRICT;
CREATE INDEX payouts_by_state ON payouts (state);

CREATE TABLE events (
	seq    INTEGER PRIMARY KEY AUTOINCREMENT,
	key    TEXT UNIQUE, -- NULL: none
	at_ms  INTEGER NOT NULL,
	kind   TEXT NOT NULL,
	lease  TEXT NOT NULL,
	tenant TEXT NOT NULL,
	body   BLOB NOT NULL -- canonical JSON
) STRICT;
CREATE INDEX events_by_lease ON events (lease, seq) WHERE lease <> '';
CREATE INDEX events_by_tenant ON events (tenant, seq) WHERE tenant <> '';
CREATE INDEX events_by_kind ON events (kind, seq);

-- What happened, happened.
CREATE TRIGGER leases_last BEFORE DELETE ON leases BEGIN SELECT RAISE(ABORT, 'leases are never deleted'); END;
CREATE TRIGGER leases_stay BEFORE UPDATE OF id, tenant, model, hps, start_ms, proof_ms, nonce, terms, tag, rigs, cores ON leases
	BEGIN SELECT RAISE(ABORT, 'a contract stays what it is'); END;
CREATE TRIGGER tenants_last BEFORE DELETE ON tenants BEGIN SELECT RAISE(ABORT, 'tenants are never deleted'); END;
CREATE TRIGGER tenants_stay BEFORE UPDATE OF id, key, created_ms ON tenants BEGIN SELECT RAISE(ABORT, 'a tenant stays who it is'); END;
CREATE TRIGGER pauses_stay BEFORE UPDATE ON lease_pauses
	WHEN OLD.to_ms <> 0 OR NEW.lease <> OLD.lease OR NEW.num <> OLD.num OR NEW.by <> OLD.by OR NEW.from_ms <> OLD.from_ms
	BEGIN SELECT RAISE(ABORT, 'pauses end, they never change'); END;
CREATE TRIGGER pauses_last BEFORE DELETE ON lease_pauses BEGIN SELECT RAISE(ABORT, 'pauses are never deleted'); END;
CREATE TRIGGER settled_hours_stay BEFORE UPDATE ON settled_hours BEGIN SELECT RAISE(ABORT, 'settled hours never change'); END;
CREATE TRIGGER settled_hours_last BEFORE DELETE ON settled_hours BEGIN SELECT RAISE(ABORT, 'settled hours are never deleted'); END;
CREATE TRIGGER settled_hour_rises BEFORE UPDATE OF settled_hour ON node WHEN NEW.settled_hour < OLD.settled_hour
	BEGIN SELECT RAISE(ABORT, 'what is settled stays settled'); END;
CREATE TRIGGER heartbeat_rises BEFORE UPDATE OF heartbeat_ms ON node WHEN NEW.heartbeat_ms < OLD.heartbeat_ms
	BEGIN SELECT RAISE(ABORT, 'the heartbeat never goes back'); END;
CREATE TRIGGER exclusions_stay BEFORE UPDATE ON exclusions
	WHEN OLD.to_ms <> 0 OR NEW.id <> OLD.id OR NEW.lease IS NOT OLD.lease OR NEW.kind <> OLD.kind OR NEW.announced_ms <> OLD.announced_ms
		OR NEW.from_ms <> OLD.from_ms OR NEW.evidence <> OLD.evidence
	BEGIN SELECT RAISE(ABORT, 'exclusions end, they never change'); END;
CREATE TRIGGER exclusions_last BEFORE DELETE ON exclusions BEGIN SELECT RAISE(ABORT, 'exclusions are never deleted'); END;
CREATE TRIGGER payouts_stay BEFORE UPDATE OF id, created_ms, items, txid, raw, fee_sat, inputs, replaces ON payouts
	BEGIN SELECT RAISE(ABORT, 'a payout stays what it pays'); END;
CREATE TRIGGER payouts_last BEFORE DELETE ON payouts BEGIN SELECT RAISE(ABORT, 'payouts are never deleted'); END;
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events never change'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
