-- Creates a history of any length with a few statements. `bench.messages` is the number of messages. Half of them are
-- in the conversation `bench.long`; the others are spread evenly over the other conversations. All messages are read,
-- except the last one of each conversation, whose receiver is the reader (`bench.reader`).
-- The checks of foreign keys, one query for each row, are disabled: the rows are correct by construction.
BEGIN;
SET LOCAL session_replication_role = replica;
SET LOCAL synchronous_commit = off;

CREATE TEMPORARY TABLE filled ON COMMIT DROP AS
    SELECT c.id, first.user_id AS reader, second.user_id AS other,
           CASE WHEN c.id = current_setting('bench.long')::uuid THEN current_setting('bench.messages')::bigint / 2
                ELSE current_setting('bench.messages')::bigint / 2 / (count(*) OVER () - 1) END AS messages
    FROM conversations_conversation c
    JOIN conversations_participant first
        ON first.conversation_id = c.id AND first.user_id = current_setting('bench.reader')::uuid
    JOIN conversations_participant second
        ON second.conversation_id = c.id AND second.user_id <> first.user_id;

-- Each room's log has two events from the opening of the conversation, so the messages begin at seq 3. Ids are UUIDs of
-- version 7 in the order of the rows.
CREATE TEMPORARY TABLE written ON COMMIT DROP AS
    SELECT f.id AS conversation_id, n + 2 AS seq,
           CASE WHEN (f.messages - n) % 2 = 0 THEN f.other ELSE f.reader END AS sender_id,
           CASE WHEN (f.messages - n) % 2 = 0 THEN f.reader ELSE f.other END AS receiver_id,
           now() - interval '30 days' + n * interval '1 millisecond' AS created_at,
           n = f.messages AS is_last, row_number() OVER () AS number
    FROM filled f CROSS JOIN LATERAL generate_series(1, f.messages) n;

CREATE FUNCTION pg_temp.made_id(kind text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(number), 12, '0') || '7' || kind || '00' || '8' || lpad(to_hex(number), 15, '0'))::uuid
$$;

INSERT INTO messaging_message (id, conversation_id, seq, sender_id, receiver_id, message, message_type, is_automated,
                               action_required, fingerprint, created_at, read_at)
    SELECT pg_temp.made_id('a', number), conversation_id, seq, sender_id, receiver_id, 'message ' || seq,
           'user_input', false, false, '', created_at, CASE WHEN is_last THEN NULL ELSE created_at END
    FROM written;

INSERT INTO notifications_notification (id, user_id, type, title, body, payload, conversation_id, message_id,
                                        message_seq, created_at, read_at)
    SELECT pg_temp.made_id('b', number), receiver_id, 'message', 'New message', 'message ' || seq, '{}',
           conversation_id, pg_temp.made_id('a', number), seq, created_at,
           CASE WHEN is_last THEN NULL ELSE created_at END
    FROM written;

UPDATE conversations_participant p
    SET last_activity_at = w.created_at, unread_count = (p.user_id = w.receiver_id)::int,
        last_read_seq = CASE WHEN p.user_id = w.receiver_id THEN w.seq - 1 ELSE w.seq END
    FROM written w WHERE w.is_last AND w.conversation_id = p.conversation_id;

UPDATE realtime_room r SET last_seq = f.messages + 2, floor = f.messages + 2
    FROM filled f WHERE r.name = 'conversation_' || f.id;
COMMIT;
