-- The transparency log, the receipts that are sealed into it, block headers and
-- the statements that were issued.

-- The order of everything: indexes begin at 0 and have no gaps.
CREATE TABLE log_leaves (
	idx    INTEGER PRIMARY KEY,
	kind   TEXT NOT NULL,
	ref    TEXT NOT NULL, -- what it is about
	at_ms  INTEGER NOT NULL,
	body   BLOB NOT NULL,
	secret BLOB -- NULL: nothing private
) STRICT;
CREATE INDEX log_leaves_by_ref ON log_leaves (kind, ref);

-- These follow from the leaves, and may be made anew.
CREATE TABLE log_hashes (
	idx  INTEGER PRIMARY KEY, -- as tlog.StoredHashIndex counts
	hash BLOB NOT NULL
) STRICT;

CREATE TABLE log_checkpoint (
	id   INTEGER PRIMARY KEY CHECK (id = 1),
	note BLOB NOT NULL
) STRICT;

-- How many leaves of kind transaction are about each lease, and about none.
CREATE TABLE log_transactions (
	lease TEXT PRIMARY KEY,
	n     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE statements (
	leaf    INTEGER PRIMARY KEY REFERENCES log_leaves (idx) DEFERRABLE INITIALLY DEFERRED,
	lease   TEXT NOT NULL,
	from_ms INTEGER NOT NULL,
	to_ms   INTEGER NOT NULL,
	number  INTEGER NOT NULL, -- from 1
	hash    BLOB NOT NULL,
	note    BLOB NOT NULL,
	UNIQUE (lease, from_ms, to_ms, number)
) STRICT;

CREATE TABLE sealed_batches (
	leaf       INTEGER PRIMARY KEY REFERENCES log_leaves (idx) DEFERRABLE INITIALLY DEFERRED,
	lease      TEXT NOT NULL,
	number     INTEGER NOT NULL, -- from 0
	from_ms    INTEGER NOT NULL,
	to_ms      INTEGER NOT NULL,
	n          INTEGER NOT NULL,
	sum        BLOB NOT NULL, -- of the work
	max        BLOB NOT NULL, -- the largest work
	sum_sq     BLOB NOT NULL, -- of its squares: a big-endian number of 32 bytes
	root       BLOB NOT NULL,
	first_seq  INTEGER NOT NULL,
	last_seq   INTEGER NOT NULL,
	packed     BLOB NOT NULL,
	thinned    INTEGER NOT NULL, -- 0 or 1
	thin_proof BLOB NOT NULL,
	UNIQUE (lease, number)
) STRICT;
CREATE INDEX sealed_batches_by_window ON sealed_batches (from_ms, lease);
CREATE INDEX sealed_batches_by_lease ON sealed_batches (lease, from_ms, to_ms, last_seq, first_seq);
CREATE INDEX sealed_batches_by_seq ON sealed_batches (last_seq, first_seq);

-- What is not sealed is little, and asked for by time.
DROP INDEX receipts_by_lease;
CREATE INDEX receipts_by_time ON receipts (commit_ms);

CREATE TABLE headers (
	hash    BLOB PRIMARY KEY,
	height  INTEGER NOT NULL,
	raw     BLOB NOT NULL,
	seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX headers_by_height ON headers (height);

ALTER TABLE node ADD COLUMN sealed_ms INTEGER NOT NULL DEFAULT 0;  -- before it all receipts are in sealed batches
ALTER TABLE node ADD COLUMN house_pool INTEGER NOT NULL DEFAULT 0; -- 1: the house works for a pool
ALTER TABLE templates ADD COLUMN leaf INTEGER REFERENCES log_leaves (idx) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE templates ADD COLUMN split BLOB; -- NULL: none
-- A leaf comes after what it is about, and SQLite then looks for whoever waits
-- for it: without this, by reading all templates.
CREATE INDEX templates_by_leaf ON templates (leaf);
ALTER TABLE leases ADD COLUMN provider BLOB NOT NULL DEFAULT X'0000000000000000000000000000000000000000000000000000000000000000';
ALTER TABLE leases ADD COLUMN at_pool INTEGER NOT NULL DEFAULT 0; -- 1: its work may be for a pool, its own or the house's

-- What happened, happened. Receipts may go once they are in a sealed batch.
CREATE TRIGGER log_leaves_stay BEFORE UPDATE ON log_leaves BEGIN SELECT RAISE(ABORT, 'leaves never change'); END;
CREATE TRIGGER log_leaves_last BEFORE DELETE ON log_leaves BEGIN SELECT RAISE(ABORT, 'leaves are never deleted'); END;
CREATE TRIGGER statements_stay BEFORE UPDATE ON statements BEGIN SELECT RAISE(ABORT, 'statements never change'); END;
CREATE TRIGGER statements_last BEFORE DELETE ON statements BEGIN SELECT RAISE(ABORT, 'statements are never deleted'); END;
CREATE TRIGGER sealed_batches_stay BEFORE UPDATE OF leaf, lease, number, from_ms, to_ms, n, sum, max, sum_sq, root, first_seq, last_seq ON sealed_batches
	BEGIN SELECT RAISE(ABORT, 'sealed batches stay what they are'); END;
CREATE TRIGGER sealed_batches_thin BEFORE UPDATE OF packed, thinned, thin_proof ON sealed_batches
	WHEN NEW.thinned <> 1 OR length(NEW.packed) > length(OLD.packed) OR length(OLD.packed) = 0
	BEGIN SELECT RAISE(ABORT, 'sealed batches are thinned, they never change'); END;
CREATE TRIGGER sealed_batches_last BEFORE DELETE ON sealed_batches BEGIN SELECT RAISE(ABORT, 'sealed batches are never deleted'); END;
CREATE TRIGGER sealed_rises BEFORE UPDATE OF sealed_ms ON node WHEN NEW.sealed_ms < OLD.sealed_ms
	BEGIN SELECT RAISE(ABORT, 'what is sealed stays sealed'); END;
DROP TRIGGER receipts_last;
CREATE TRIGGER receipts_last BEFORE DELETE ON receipts WHEN NOT EXISTS (SELECT 1 FROM sealed_batches AS b WHERE b.lease = OLD.lease
		AND b.from_ms > OLD.commit_ms - 300000 AND b.from_ms <= OLD.commit_ms AND b.to_ms > OLD.commit_ms AND OLD.seq BETWEEN b.first_seq AND b.last_seq)
	BEGIN SELECT RAISE(ABORT, 'receipts are never deleted before they are sealed'); END;
DROP TRIGGER leases_stay;
CREATE TRIGGER leases_stay BEFORE UPDATE OF id, tenant, model, hps, start_ms, proof_ms, nonce, terms, tag, rigs, cores, provider ON leases
	BEGIN SELECT RAISE(ABORT, 'a contract stays what it is'); END;
