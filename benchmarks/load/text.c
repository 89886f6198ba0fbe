/* Texts of messages, which carry what is needed to check their way, and just enough JSON to find them. */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK "load:"

bool starts(Text text, const char *prefix) {
    size_t length = strlen(prefix);
    return text.length >= length && !memcmp(text.data, prefix, length);
}

bool has(Text text, const char *part) { return memmem(text.data, text.length, part, strlen(part)) != NULL; }

/* The value of a string member, found by its key wherever it stands first. */
bool copy_member(Text json, const char *key, char *into, size_t size) {
    char quoted[64];
    int length = snprintf(quoted, sizeof quoted, "\"%s\":\"", key);
    const char *found = memmem(json.data, json.length, quoted, length);
    if (!found) return false;
    const char *value = found + length, *end = memchr(value, '"', json.data + json.length - value);
    if (!end || (size_t)(end - value) >= size) return false;
    memcpy(into, value, end - value);
    into[end - value] = 0;
    return true;
}

void write_text(char text[TEXT_LENGTH + 1], const Client *client, unsigned number, Nanoseconds sent_at) {
    int length = snprintf(text, TEXT_LENGTH + 1, MARK "%08x:%d:%08x:%016llx:", client->pair, client->side, number,
                          (unsigned long long)sent_at);
    memset(text + length, 'x', TEXT_LENGTH - length);
    text[TEXT_LENGTH] = 0;
}

/* Each number of either sender comes once; one that overtakes another is counted. */
static void check_number(Client *client, int side, unsigned number) {
    unsigned ahead = number - client->next_from[side];
    if (ahead >= 64) {
        fail("socket %d got message %u of side %d; message %u was due", client->number, number, side,
             client->next_from[side]);
    }
    if (client->early_from[side] >> ahead & 1) fail("socket %d got message %u twice", client->number, number);
    if (ahead) counts.reordered++;
    client->early_from[side] |= 1ULL << ahead;
    while (client->early_from[side] & 1) {
        client->early_from[side] >>= 1;
        client->next_from[side]++;
    }
}

/* Checks that a message belongs here and has not come before; answers when it was sent. */
Nanoseconds check_text(Client *client, Text json) {
    const char *found = memmem(json.data, json.length, MARK, strlen(MARK));
    if (!found || found + TEXT_LENGTH > json.data + json.length) {
        fail("socket %d got a message of somebody else: %.*s", client->number, (int)json.length, json.data);
    }
    char *end;
    unsigned pair = strtoul(found + strlen(MARK), &end, 16);
    int side = strtol(end + 1, &end, 10);
    unsigned number = strtoul(end + 1, &end, 16);
    Nanoseconds sent_at = strtoll(end + 1, &end, 16);
    if (pair != client->pair || (side & ~1)) fail("socket %d got a message of pair %u", client->number, pair);
    check_number(client, side, number);
    return sent_at;
}
