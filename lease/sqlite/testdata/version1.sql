-- What the program wrote whose tables were of version 1, as sqlite3 dumps it.
PRAGMA foreign_keys = OFF;
PRAGMA application_id = 1749840741;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE balances (
	account TEXT NOT NULL,
	lease   TEXT NOT NULL,
	sat     INTEGER NOT NULL,
	PRIMARY KEY (account, lease)
) STRICT, WITHOUT ROWID;
INSERT INTO "balances" VALUES('a','',5);
INSERT INTO "balances" VALUES('b','',-5);
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
INSERT INTO "blocks" VALUES(1,X'0700000000000000000000000000000000000000000000000000000000000000',9,1,1,'L-0001',X'0001',0,0,0,2000,'adopted',1,'',X'0102');
CREATE TABLE count_totals (
	lease  TEXT PRIMARY KEY,
	hashes BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "count_totals" VALUES('L-0001',X'00000000000000000000000000000BB8');
CREATE TABLE counts (
	lease  TEXT NOT NULL,
	source TEXT NOT NULL,
	hour   INTEGER NOT NULL, -- hours since 1970 UTC
	hashes BLOB NOT NULL,
	PRIMARY KEY (lease, source, hour)
) STRICT, WITHOUT ROWID;
INSERT INTO "counts" VALUES('L-0001','cpu0',0,X'00000000000000000000000000000BB8');
CREATE TABLE jobs (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	template   INTEGER NOT NULL REFERENCES templates (seq),
	lease      TEXT NOT NULL,
	tag        BLOB NOT NULL,
	target     BLOB NOT NULL,
	created_ms INTEGER NOT NULL
) STRICT;
INSERT INTO "jobs" VALUES(1,1,'L-0001',X'01000000000000000000000000000000',X'A6C64B37894160E5D022DBF97E6ABC74931804560E2DB29DEFA7C64B37894100',0);
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
INSERT INTO "leases" VALUES(1,'L-0001','acme','leased',1,0,0,0,5000,X'00000000000000000000000000000000',X'2740398E5319C88A2083085DC427FF02C0EA21D1F81714F91FD5D4B6670F9DEB',X'01000000000000000000000000000000');
CREATE TABLE node (
	id             INTEGER PRIMARY KEY CHECK (id = 1),
	capacity_hps   INTEGER NOT NULL, -- the bits of an unsigned number
	leases_version INTEGER NOT NULL  -- counts the changes of leases
) STRICT;
INSERT INTO "node" VALUES(1,123456789,1);
CREATE TABLE postings (
	tx      INTEGER NOT NULL REFERENCES transactions (seq),
	line    INTEGER NOT NULL,
	account TEXT NOT NULL,
	lease   TEXT NOT NULL,
	sat     INTEGER NOT NULL,
	PRIMARY KEY (tx, line)
) STRICT, WITHOUT ROWID;
INSERT INTO "postings" VALUES(1,0,'a','',5);
INSERT INTO "postings" VALUES(1,1,'b','',-5);
CREATE TABLE receipt_totals (
	lease TEXT NOT NULL,
	work  BLOB NOT NULL,
	n     INTEGER NOT NULL,
	PRIMARY KEY (lease, work)
) STRICT, WITHOUT ROWID;
INSERT INTO "receipt_totals" VALUES('L-0001',X'000000000000000000000000000003E8',3);
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
INSERT INTO "receipts" VALUES(1,'L-0001',1,'cpu0',2000,X'000102030405',1700000000,0,0,X'000000000000000000000000000003E8');
INSERT INTO "receipts" VALUES(2,'L-0001',1,'cpu0',2000,X'000102030405',1700000000,1,0,X'000000000000000000000000000003E8');
INSERT INTO "receipts" VALUES(3,'L-0001',1,'cpu0',2000,X'000102030405',1700000000,2,0,X'000000000000000000000000000003E8');
CREATE TABLE runs (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	start_ms    INTEGER NOT NULL,
	last_ms     INTEGER NOT NULL,
	batch       INTEGER NOT NULL, -- number of the last numbered batch
	batch_seq   INTEGER NOT NULL, -- seq before that batch's first receipt
	batch_count INTEGER NOT NULL  -- receipts in it
) STRICT;
INSERT INTO "runs" VALUES(1,1000,2000,0,0,0);
CREATE TABLE templates (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	created_ms INTEGER NOT NULL,
	height     INTEGER NOT NULL,
	prev       BLOB NOT NULL,
	body       BLOB NOT NULL
) STRICT;
INSERT INTO "templates" VALUES(1,0,0,X'0000000000000000000000000000000000000000000000000000000000000000',X'7B7D');
CREATE TABLE tenants (
	id         TEXT PRIMARY KEY,
	key        BLOB NOT NULL,
	address    TEXT NOT NULL,
	created_ms INTEGER NOT NULL
) STRICT;
INSERT INTO "tenants" VALUES('acme',X'0101010101010101010101010101010101010101010101010101010101010101','',0);
CREATE TABLE terms (
	hash BLOB PRIMARY KEY,
	body TEXT NOT NULL -- canonical JSON
) STRICT;
INSERT INTO "terms" VALUES(X'2740398E5319C88A2083085DC427FF02C0EA21D1F81714F91FD5D4B6670F9DEB','{"coin":"","fee_ppm":0,"format":"hashlease-terms/1","house_script":"","scheme":"","text":"","tides":{"max_days":0,"min_sec":0,"network_multiple":0}}');
CREATE TABLE transactions (
	seq   INTEGER PRIMARY KEY AUTOINCREMENT,
	key   TEXT NOT NULL UNIQUE,
	kind  TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	ref   TEXT NOT NULL
) STRICT;
INSERT INTO "transactions" VALUES(1,'k','found',5,'');
CREATE TABLE verdict_totals (
	lease  TEXT NOT NULL,
	reason TEXT NOT NULL,
	n      INTEGER NOT NULL,
	PRIMARY KEY (lease, reason)
) STRICT, WITHOUT ROWID;
INSERT INTO "verdict_totals" VALUES('L-0001','stale',3);
CREATE TABLE verdicts (
	lease  TEXT NOT NULL,
	source TEXT NOT NULL,
	reason TEXT NOT NULL,
	hour   INTEGER NOT NULL, -- hours since 1970 UTC
	n      INTEGER NOT NULL,
	PRIMARY KEY (lease, source, reason, hour)
) STRICT, WITHOUT ROWID;
INSERT INTO "verdicts" VALUES('L-0001','cpu0','stale',0,3);
CREATE TRIGGER lease_added AFTER INSERT ON leases BEGIN
	UPDATE node SET leases_version = leases_version + 1;
END;
CREATE TRIGGER lease_changed AFTER UPDATE ON leases BEGIN
	UPDATE node SET leases_version = leases_version + 1;
END;
CREATE INDEX templates_by_prev ON templates (prev);
CREATE INDEX jobs_by_template ON jobs (template);
CREATE INDEX receipts_by_lease ON receipts (lease, seq, commit_ms);
CREATE INDEX receipts_by_job ON receipts (job);
CREATE INDEX blocks_by_state ON blocks (state);
CREATE INDEX blocks_by_height ON blocks (height);
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
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('leases',1);
INSERT INTO "sqlite_sequence" VALUES('templates',1);
INSERT INTO "sqlite_sequence" VALUES('jobs',1);
INSERT INTO "sqlite_sequence" VALUES('runs',1);
INSERT INTO "sqlite_sequence" VALUES('receipts',3);
INSERT INTO "sqlite_sequence" VALUES('blocks',1);
INSERT INTO "sqlite_sequence" VALUES('transactions',1);
COMMIT;
