-- The tables of the peers, with only the columns and indexes that the work needs.
-- `manage.py bench_data` has created the conversations, participants and login sessions.
DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;

CREATE TABLE peer.conversation AS
    SELECT id, 0::bigint AS last_seq, now() AS updated_at FROM conversations_conversation;
ALTER TABLE peer.conversation ADD PRIMARY KEY (id);

CREATE TABLE peer.participant AS
    SELECT conversation_id, user_id, 0 AS unread_count FROM conversations_participant;
ALTER TABLE peer.participant ADD PRIMARY KEY (conversation_id, user_id);

CREATE TABLE peer.message (
    id uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES peer.conversation,
    seq bigint NOT NULL,
    sender_id uuid NOT NULL,
    receiver_id uuid NOT NULL,
    message text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (conversation_id, seq)
);

CREATE TABLE peer.notification (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    message_id uuid NOT NULL REFERENCES peer.message,
    title text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    read_at timestamptz
);
CREATE INDEX ON peer.notification (user_id, created_at DESC);

ANALYZE peer.conversation, peer.participant;
