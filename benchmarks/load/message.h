/* The text of a message carries what is needed to check its way: who sent it, which one it is, and when. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "base.h"
#include "text.h"

#define MESSAGE_LENGTH 64
#define MESSAGE_MARK "load:"

/* Number `number`, from 1, of one side of a pair. */
typedef struct {
    unsigned pair, number;
    int side;
    Nanoseconds sent_at;
} Message;

void message_write(char text[MESSAGE_LENGTH + 1], const Message *);

/* False where the JSON contains no message of the load generator. */
bool message_read(Text json, Message *);

/* The numbers of one sender that have arrived: all below `next`, and those of the bits of `early` counted from it. */
typedef struct {
    unsigned next;
    uint64_t early;
} Sequence;

typedef enum { IN_ORDER, AHEAD, DUPLICATE, OUT_OF_RANGE } Arrival;

Arrival sequence_add(Sequence *, unsigned number);

#endif
