#define _GNU_SOURCE
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void message_write(char text[MESSAGE_LENGTH + 1], const Message *message) {
    int length = snprintf(text, MESSAGE_LENGTH + 1, MESSAGE_MARK "%08x:%d:%08x:%016llx:", message->pair, message->side,
                          message->number, (unsigned long long)message->sent_at);
    memset(text + length, 'x', MESSAGE_LENGTH - length);
    text[MESSAGE_LENGTH] = 0;
}

bool message_read(Text json, Message *message) {
    const char *found = memmem(json.data, json.length, MESSAGE_MARK, strlen(MESSAGE_MARK));
    if (!found || found + MESSAGE_LENGTH > json.data + json.length) return false;
    char *end;
    message->pair = strtoul(found + strlen(MESSAGE_MARK), &end, 16);
    message->side = strtol(end + 1, &end, 10);
    message->number = strtoul(end + 1, &end, 16);
    message->sent_at = strtoll(end + 1, &end, 16);
    return true;
}

Arrival sequence_add(Sequence *sequence, unsigned number) {
    unsigned ahead = number - sequence->next;
    if (ahead >= 64) return OUT_OF_RANGE;
    if (sequence->early >> ahead & 1) return DUPLICATE;
    sequence->early |= 1ULL << ahead;
    while (sequence->early & 1) {
        sequence->early >>= 1;
        sequence->next++;
    }
    return ahead ? AHEAD : IN_ORDER;
}
