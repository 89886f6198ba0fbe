#include "protocol.h"

const ChatHandler *chat_handler;

void protocol_start(const Protocol *protocol, const ChatHandler *handler) {
    chat_handler = handler;
    websocket_start(&protocol->frames);
}
