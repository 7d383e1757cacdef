-- Times are unix seconds, ids and keys are texts, JSON is text. `ended_at`, `freed_at` and the like
-- are NULL for what is live.

CREATE TABLE product (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    -- The policy: seconds, and days of a trial.
    refresh    INTEGER NOT NULL CHECK (refresh > 0),
    honoured   INTEGER NOT NULL CHECK (honoured > 0),
    run_on     INTEGER NOT NULL CHECK (run_on >= 0),
    trial_days INTEGER NOT NULL CHECK (trial_days > 0)
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

-- One row: a number drawn at each change of the three tables above, for those who keep them in memory.
CREATE TABLE catalogue (
    stamp INTEGER NOT NULL
) STRICT;

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
    created_at  INTEGER NOT NULL,
    suspended_at INTEGER,
    -- When it last got a mail of each kind, as JSON.
    mailed      TEXT NOT NULL,
    -- Whose number holds everything of this one; nobody has this number any more.
    merged_into TEXT REFERENCES customer,
    -- Where the log of the number ends.
    log_length  INTEGER NOT NULL,
    log_hash    TEXT NOT NULL
) STRICT;

-- Numbers that customers had and that were replaced: nobody has them any more, and nobody gets them again.
CREATE TABLE former_number (
    number      TEXT PRIMARY KEY,
    customer    TEXT NOT NULL REFERENCES customer,
    replaced_at INTEGER NOT NULL
) STRICT;
CREATE INDEX former_number_of_customer ON former_number (customer);

-- Who did what when: one hash chain for each number, ids alone. Lines are only ever added.
CREATE TABLE log (
    -- In the order in which they came, over all numbers.
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    customer TEXT NOT NULL REFERENCES customer,
    seq      INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    deed     TEXT NOT NULL,
    details  TEXT NOT NULL,
    hash     TEXT NOT NULL,
    UNIQUE (customer, seq)
) STRICT;

CREATE TABLE host (
    key           TEXT PRIMARY KEY,
    -- What people call it by.
    id            TEXT NOT NULL,
    evidence      TEXT NOT NULL,
    serial        INTEGER NOT NULL,
    -- The highest serial that the host said it holds.
    acknowledged  INTEGER NOT NULL,
    -- Which serials its copies hold.
    ratchet       TEXT NOT NULL,
    -- The length of the log of its number at its last statement.
    seen          INTEGER NOT NULL,
    last_seen     INTEGER NOT NULL,
    may_run_until INTEGER NOT NULL
) STRICT;
CREATE INDEX host_of_id ON host (id);

-- What a host last said about itself.
CREATE TABLE host_metrics (
    host    TEXT PRIMARY KEY REFERENCES host DEFERRABLE INITIALLY DEFERRED,
    at      INTEGER NOT NULL,
    metrics TEXT NOT NULL
) STRICT;

-- The evidence once more, to find the hosts that share a fact, the latest first.
CREATE TABLE host_fact (
    id     INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    host   TEXT NOT NULL REFERENCES host DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX host_fact_of_digest ON host_fact (digest);
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
    -- When the vendor said that it counts for nothing any more.
    cleared_at INTEGER,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CHECK (cleared_at IS NULL OR ended_at IS NOT NULL)
) STRICT;
CREATE INDEX binding_of_host ON binding (host);
CREATE INDEX binding_of_host_on_customer ON binding (host, customer);
CREATE INDEX lost_binding_of_host ON binding (host) WHERE ended_by IN ('dropped', 'replaced');
CREATE INDEX counting_binding_of_host ON binding (host) WHERE cleared_at IS NULL;
CREATE INDEX binding_of_customer ON binding (customer);
CREATE UNIQUE INDEX one_live_binding_per_host ON binding (host) WHERE ended_at IS NULL;

CREATE TABLE license_grant (
    id       TEXT PRIMARY KEY,
    customer TEXT NOT NULL REFERENCES customer,
    product  INTEGER NOT NULL REFERENCES product,
    seats    INTEGER NOT NULL CHECK (seats > 0),
    trial    INTEGER NOT NULL CHECK (trial IN (0, 1)),
    -- NULL is the vendor.
    made_on  TEXT REFERENCES host DEFERRABLE INITIALLY DEFERRED,
    made_at  INTEGER NOT NULL,
    -- Of a trial, if it had been used on every day since it was last counted.
    ends_at  INTEGER,
    days_left  INTEGER CHECK (days_left >= 0),
    counted_at INTEGER,
    CHECK ((days_left IS NULL) = (counted_at IS NULL))
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
    freed_at    INTEGER,
    -- Of a backup that was restored, until its host calls.
    unproved    INTEGER NOT NULL DEFAULT 0 CHECK (unproved IN (0, 1))
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
    extends      INTEGER NOT NULL CHECK (extends IN (0, 1)),
    issued_at    INTEGER NOT NULL,
    blocked      INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1)),
    -- What the vendor calls the coupons that were issued together.
    batch        TEXT,
    used_at      INTEGER,
    used_by      TEXT REFERENCES customer,
    -- NULL, with all that follows, is in another system, before the coupon was imported.
    used_on      TEXT,
    used_request TEXT,
    -- The grant, and whether the coupon made it or extended it.
    used_grant   TEXT REFERENCES license_grant DEFERRABLE INITIALLY DEFERRED,
    used_made    INTEGER CHECK (used_made IN (0, 1)),
    CHECK ((used_at IS NULL) = (used_by IS NULL)
       AND (used_on IS NULL OR used_at IS NOT NULL)
       AND (used_on IS NULL) = (used_request IS NULL)
       AND (used_on IS NULL) = (used_grant IS NULL)
       AND (used_on IS NULL) = (used_made IS NULL))
) STRICT;
CREATE INDEX coupon_of_batch ON coupon (batch) WHERE batch IS NOT NULL;

-- Mails to be sent. Address and number are read when it is sent.
CREATE TABLE outbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT NOT NULL,
    customer     TEXT NOT NULL REFERENCES customer,
    -- The id of the host's key, if it is about a host.
    host         TEXT,
    made_at      INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    next_attempt INTEGER NOT NULL,
    ended_at     INTEGER,
    sent         INTEGER NOT NULL CHECK (sent IN (0, 1)),
    last_error   TEXT
) STRICT;
CREATE INDEX mail_to_send ON outbox (next_attempt) WHERE ended_at IS NULL;
CREATE INDEX mail_that_ended ON outbox (ended_at) WHERE ended_at IS NOT NULL;

-- The last answer of each host, given again to a repeated request. A key that was never bound has none.
CREATE TABLE reply (
    host       TEXT PRIMARY KEY REFERENCES host DEFERRABLE INITIALLY DEFERRED,
    request_id TEXT NOT NULL,
    digest     TEXT NOT NULL,
    status     INTEGER NOT NULL,
    body       BLOB NOT NULL
) STRICT;
