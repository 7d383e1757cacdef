-- Times are unix seconds, ids and keys are texts, JSON is text. `ended_at`, `freed_at` and the like
-- are NULL for what is live.

CREATE TABLE product (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE feature (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    per_user INTEGER NOT NULL CHECK (per_user IN (0, 1))
) STRICT;

CREATE TABLE product_feature (
    product INTEGER NOT NULL REFERENCES product,
    feature INTEGER NOT NULL REFERENCES feature,
    PRIMARY KEY (product, feature)
) STRICT, WITHOUT ROWID;

CREATE TABLE customer (
    id          TEXT PRIMARY KEY,
    number      TEXT NOT NULL UNIQUE,
    company     TEXT NOT NULL,
    email       TEXT NOT NULL,
    contact     TEXT NOT NULL,
    phone       TEXT,
    tax_id      TEXT,
    -- What company and e-mail are compared by.
    company_key TEXT NOT NULL,
    email_key   TEXT NOT NULL UNIQUE,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE host (
    key           TEXT PRIMARY KEY,
    evidence      TEXT NOT NULL,
    serial        INTEGER NOT NULL,
    -- The highest serial that the host said it holds.
    acknowledged  INTEGER NOT NULL,
    last_seen     INTEGER NOT NULL,
    may_run_until INTEGER NOT NULL
) STRICT;

-- The evidence once more, to find the hosts that share a fact.
CREATE TABLE host_fact (
    digest TEXT NOT NULL,
    host   TEXT NOT NULL REFERENCES host DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (digest, host)
) STRICT, WITHOUT ROWID;
CREATE INDEX host_fact_of_host ON host_fact (host);

-- A host on a number. Ended ones stay: who was here before is part of the rules.
CREATE TABLE binding (
    id       TEXT PRIMARY KEY,
    host     TEXT NOT NULL REFERENCES host DEFERRABLE INITIALLY DEFERRED,
    customer TEXT NOT NULL REFERENCES customer,
    bound_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_by TEXT CHECK (ended_by IN ('left', 'reset', 'dropped', 'replaced')),
    told_at  INTEGER,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
) STRICT;
CREATE INDEX binding_of_host ON binding (host);
CREATE INDEX binding_of_customer ON binding (customer);
CREATE UNIQUE INDEX one_live_binding_per_host ON binding (host) WHERE ended_at IS NULL;

CREATE TABLE license_grant (
    id       TEXT PRIMARY KEY,
    customer TEXT NOT NULL REFERENCES customer,
    product  INTEGER NOT NULL REFERENCES product,
    seats    INTEGER NOT NULL CHECK (seats > 0),
    trial    INTEGER NOT NULL CHECK (trial IN (0, 1)),
    made_on  TEXT NOT NULL REFERENCES host DEFERRABLE INITIALLY DEFERRED,
    made_at  INTEGER NOT NULL,
    ends_at  INTEGER
) STRICT;
CREATE INDEX grant_of_customer ON license_grant (customer);
CREATE INDEX trial_on_host ON license_grant (made_on, product) WHERE trial = 1;

CREATE TABLE seat (
    session     TEXT PRIMARY KEY,
    customer    TEXT NOT NULL REFERENCES customer,
    feature     INTEGER NOT NULL REFERENCES feature,
    slot        INTEGER NOT NULL CHECK (slot >= 0),
    binding     TEXT NOT NULL REFERENCES binding,
    holder      TEXT,
    captured_at INTEGER NOT NULL,
    freed_at    INTEGER
) STRICT;
CREATE INDEX seat_of_binding ON seat (binding) WHERE freed_at IS NULL;
-- The last seat is given once, even if a decision were wrong.
CREATE UNIQUE INDEX one_seat_per_slot ON seat (customer, feature, slot) WHERE freed_at IS NULL;
CREATE UNIQUE INDEX one_seat_per_holder ON seat (binding, feature, coalesce(holder, ''))
    WHERE freed_at IS NULL;

CREATE TABLE bar (
    host     TEXT NOT NULL REFERENCES host DEFERRABLE INITIALLY DEFERRED,
    customer TEXT NOT NULL REFERENCES customer,
    feature  INTEGER NOT NULL REFERENCES feature,
    told_at  INTEGER,
    PRIMARY KEY (customer, host, feature)
) STRICT, WITHOUT ROWID;

CREATE TABLE coupon (
    digest       TEXT PRIMARY KEY,
    product      INTEGER NOT NULL REFERENCES product,
    seats        INTEGER NOT NULL CHECK (seats > 0),
    days         INTEGER NOT NULL CHECK (days > 0),
    issued_at    INTEGER NOT NULL,
    blocked      INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1)),
    used_at      INTEGER,
    used_by      TEXT REFERENCES customer,
    used_on      TEXT,
    used_request TEXT,
    CHECK ((used_at IS NULL) = (used_by IS NULL)
       AND (used_at IS NULL) = (used_on IS NULL)
       AND (used_at IS NULL) = (used_request IS NULL))
) STRICT;

-- The last answer of each host, given again to a repeated request. A key that was never bound has none.
CREATE TABLE reply (
    host       TEXT PRIMARY KEY REFERENCES host DEFERRABLE INITIALLY DEFERRED,
    request_id TEXT NOT NULL,
    digest     TEXT NOT NULL,
    status     INTEGER NOT NULL,
    body       BLOB NOT NULL
) STRICT;
