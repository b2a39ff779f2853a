-- Times are Unix milliseconds. Hashes, tags and keys are BLOBs in the order the
-- program holds them. Work is a 16-byte big-endian number, so that sums are
-- exact. Amounts of money are satoshi.

CREATE TABLE node (
	id             INTEGER PRIMARY KEY CHECK (id = 1),
	capacity_hps   INTEGER NOT NULL, -- the bits of an unsigned number
	leases_version INTEGER NOT NULL  -- counts the changes of leases
) STRICT;
INSERT INTO node VALUES (1, 0, 0);

CREATE TABLE terms (
	hash BLOB PRIMARY KEY,
	body TEXT NOT NULL -- canonical JSON
) STRICT;

CREATE TABLE tenants (
	id         TEXT PRIMARY KEY,
	key        BLOB NOT NULL,
	address    TEXT NOT NULL,
	created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE leases (
	num        INTEGER PRIMARY KEY AUTOINCREMENT,
	id         TEXT NOT NULL UNIQUE,
	tenant     TEXT NOT NULL REFERENCES tenants (id),
	model      TEXT NOT NULL,
	hps        INTEGER NOT NULL,
	start_ms   INTEGER NOT NULL,
	end_ms     INTEGER NOT NULL,
	closed_ms  INTEGER NOT NULL,
	proof_ms   INTEGER NOT NULL,
	nonce      BLOB NOT NULL,
	terms      BLOB NOT NULL REFERENCES terms (hash),
	tag        BLOB NOT NULL UNIQUE
) STRICT;

CREATE TRIGGER lease_added AFTER INSERT ON leases BEGIN
	UPDATE node SET leases_version = leases_version + 1;
END;
CREATE TRIGGER lease_changed AFTER UPDATE ON leases BEGIN
	UPDATE node SET leases_version = leases_version + 1;
END;

CREATE TABLE templates (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	created_ms INTEGER NOT NULL,
	height     INTEGER NOT NULL,
	prev       BLOB NOT NULL,
	body       BLOB NOT NULL
) STRICT;
CREATE INDEX templates_by_prev ON templates (prev);

CREATE TABLE jobs (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	template   INTEGER NOT NULL REFERENCES templates (seq),
	lease      TEXT NOT NULL,
	tag        BLOB NOT NULL,
	target     BLOB NOT NULL,
	created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_by_template ON jobs (template);

CREATE TABLE runs (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	start_ms    INTEGER NOT NULL,
	last_ms     INTEGER NOT NULL,
	batch       INTEGER NOT NULL, -- number of the last numbered batch
	batch_seq   INTEGER NOT NULL, -- seq before that batch's first receipt
	batch_count INTEGER NOT NULL  -- receipts in it
) STRICT;

CREATE TABLE receipts (
	seq          INTEGER PRIMARY KEY AUTOINCREMENT,
	lease        TEXT NOT NULL,
	job          INTEGER NOT NULL REFERENCES jobs (seq),
	source       TEXT NOT NULL,
	commit_ms    INTEGER NOT NULL,
	extranonce   BLOB NOT NULL,
	time         INTEGER NOT NULL,
	nonce        INTEGER NOT NULL,
	version_bits INTEGER NOT NULL,
	work         BLOB NOT NULL
) STRICT;
CREATE INDEX receipts_by_lease ON receipts (lease, seq, commit_ms);
CREATE INDEX receipts_by_job ON receipts (job);

-- Sums that are kept as receipts, counts and verdicts come.
CREATE TABLE receipt_totals (
	lease TEXT NOT NULL,
	work  BLOB NOT NULL,
	n     INTEGER NOT NULL,
	PRIMARY KEY (lease, work)
) STRICT, WITHOUT ROWID;

CREATE TABLE counts (
	lease  TEXT NOT NULL,
	source TEXT NOT NULL,
	hour   INTEGER NOT NULL, -- hours since 1970 UTC
	hashes BLOB NOT NULL,
	PRIMARY KEY (lease, source, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE count_totals (
	lease  TEXT PRIMARY KEY,
	hashes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE verdicts (
	lease  TEXT NOT NULL,
	source TEXT NOT NULL,
	reason TEXT NOT NULL,
	hour   INTEGER NOT NULL, -- hours since 1970 UTC
	n      INTEGER NOT NULL,
	PRIMARY KEY (lease, source, reason, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE verdict_totals (
	lease  TEXT NOT NULL,
	reason TEXT NOT NULL,
	n      INTEGER NOT NULL,
	PRIMARY KEY (lease, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
	num          INTEGER PRIMARY KEY AUTOINCREMENT,
	hash         BLOB NOT NULL UNIQUE,
	height       INTEGER NOT NULL,
	template     INTEGER NOT NULL REFERENCES templates (seq),
	job          INTEGER NOT NULL REFERENCES jobs (seq),
	lease        TEXT NOT NULL,
	extranonce   BLOB NOT NULL,
	time         INTEGER NOT NULL,
	nonce        INTEGER NOT NULL,
	version_bits INTEGER NOT NULL,
	found_ms     INTEGER NOT NULL,
	state        TEXT NOT NULL,
	appearances  INTEGER NOT NULL,
	reason       TEXT NOT NULL,
	raw          BLOB NOT NULL
) STRICT;
CREATE INDEX blocks_by_state ON blocks (state);
CREATE INDEX blocks_by_height ON blocks (height);

CREATE TABLE transactions (
	seq   INTEGER PRIMARY KEY AUTOINCREMENT,
	key   TEXT NOT NULL UNIQUE,
	kind  TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	ref   TEXT NOT NULL
) STRICT;

CREATE TABLE postings (
	tx      INTEGER NOT NULL REFERENCES transactions (seq),
	line    INTEGER NOT NULL,
	account TEXT NOT NULL,
	lease   TEXT NOT NULL,
	sat     INTEGER NOT NULL,
	PRIMARY KEY (tx, line)
) STRICT, WITHOUT ROWID;

-- The sums of the postings.
CREATE TABLE balances (
	account TEXT NOT NULL,
	lease   TEXT NOT NULL,
	sat     INTEGER NOT NULL,
	PRIMARY KEY (account, lease)
) STRICT, WITHOUT ROWID;

-- What happened, happened.
CREATE TRIGGER terms_stay BEFORE UPDATE ON terms BEGIN SELECT RAISE(ABORT, 'terms never change'); END;
CREATE TRIGGER terms_last BEFORE DELETE ON terms BEGIN SELECT RAISE(ABORT, 'terms are never deleted'); END;
CREATE TRIGGER templates_stay BEFORE UPDATE ON templates BEGIN SELECT RAISE(ABORT, 'templates never change'); END;
CREATE TRIGGER templates_last BEFORE DELETE ON templates BEGIN SELECT RAISE(ABORT, 'templates are never deleted'); END;
CREATE TRIGGER jobs_stay BEFORE UPDATE ON jobs BEGIN SELECT RAISE(ABORT, 'jobs never change'); END;
CREATE TRIGGER jobs_last BEFORE DELETE ON jobs BEGIN SELECT RAISE(ABORT, 'jobs are never deleted'); END;
CREATE TRIGGER receipts_stay BEFORE UPDATE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts never change'); END;
CREATE TRIGGER receipts_last BEFORE DELETE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts are never deleted'); END;
CREATE TRIGGER transactions_stay BEFORE UPDATE ON transactions BEGIN SELECT RAISE(ABORT, 'transactions never change'); END;
CREATE TRIGGER transactions_last BEFORE DELETE ON transactions BEGIN SELECT RAISE(ABORT, 'transactions are never deleted'); END;
CREATE TRIGGER postings_stay BEFORE UPDATE ON postings BEGIN SELECT RAISE(ABORT, 'postings never change'); END;
CREATE TRIGGER postings_last BEFORE DELETE ON postings BEGIN SELECT RAISE(ABORT, 'postings are never deleted'); END;
