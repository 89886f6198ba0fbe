/* The text of a message contains its pair, side, number and time of sending, so that the receiver can check it. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "base.h"
#include "text.h"

#define MESSAGE_LENGTH 64
#define MESSAGE_MARK "load:"

/* A message of one side of a pair. Each side numbers its messages from 1. */
typedef struct {
    unsigned pair, number;
    int side;
    Nanoseconds sent_at;
} Message;

void message_write(char text[MESSAGE_LENGTH + 1], const Message *);

/* Returns false if the JSON contains no message of the load generator. */
bool message_read(Text json, Message *);

/* The numbers that have arrived from one sender: all below `next`, and `next + n` for each bit n of `early`. */
typedef struct {
    unsigned next;
    uint64_t early;
} Sequence;

typedef enum { IN_ORDER, AHEAD, DUPLICATE, OUT_OF_RANGE } Arrival;

Arrival sequence_add(Sequence *, unsigned number);

#endif
