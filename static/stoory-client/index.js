/** The public names of the library. Their types are in index.d.ts. */

export { StooryClient } from './client.js';
export { Conversation } from './conversation.js';
export { ConversationList, matches } from './conversation-list.js';
export { Closed, ConnectionLost, Refused, SignedOut } from './errors.js';
export { Files } from './files.js';
export { firstUnread, isOpenPrompt } from './history.js';
export { Notifications } from './notifications.js';
export { memoryStorage, Session, webStorage } from './session.js';
export { Store } from './store.js';
